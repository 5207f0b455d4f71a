import type { WebSocket } from 'ws'
import type { Iterations } from '../../../runtime/iterations.ts'

/** A socket with more messages waiting than this is not read from until all of them have had their turn. */
const maxWaiting = 8

/**
 * Gives the messages of one socket their turns, in their order.
 *
 * @param ownerOf in whose turn they are worked on
 */
export function createMessageTurns(
  ws: WebSocket,
  iterations: Iterations,
  ownerOf: () => string,
): (work: () => void) => void {
  let waiting = 0
  let owner = ''
  return work => {
    // The owner may change while messages wait. They stay in one line, so that none overtakes another.
    if (waiting === 0) owner = ownerOf()
    waiting++
    if (waiting > maxWaiting) ws.pause()
    iterations.run(owner, () => {
      waiting--
      if (waiting === 0 && ws.isPaused) ws.resume()
      work()
    })
  }
}
