import type { Socket as Stream } from 'node:net'
import type { WebSocket } from 'ws'
import type { Actor } from '../domain/operation.ts'
import type { Answer, Sink } from '../live/question.ts'
import type { Answering } from './subscribe.ts'

const full = 256 * 1024
const patience = 30_000

/** One client's socket: what it asks, and how well it takes what it is sent. */
export type Socket = {
  ws: WebSocket
  /** Who asks; null until its credential has been shown. */
  actor: Actor | null
  /** How many operations it has, those included that are still being opened or executed. */
  operations(): number
  /**
   * Takes up an operation. False when one with this id is still being opened: the client has left that one, and it ends
   * as soon as it is open.
   */
  begin(id: string): boolean
  /** An operation that has begun is open, executed or refused. */
  begun(id: string): void
  /** Sends an answering's answers as messages of the operation with this id. Resolves with why it ended. */
  serve(id: string, answering: Answering): Promise<unknown>
  /**
   * Sends a ping that carries the cursor up to which all of its log has been sent, unless the client lags behind; none
   * while an operation is being opened.
   */
  beat(): void
  /** Closes it with 1013 when nothing of what waits for it has left for 30 seconds. */
  check(now: number): void
  /** Ends all that it serves. */
  end(): void
}

/** @param stream what lies below the WebSocket, which tells how much has really left */
export function createSocket(ws: WebSocket, stream: Stream): Socket {
  const opening = new Map<string, { left: boolean }>()
  const served = new Set<Answering>()
  let left = 0
  let since = performance.now()

  function sinkOf(id: string, end: (error: unknown) => void): Sink {
    // The text of an answer is shared by all who asked the same; only the operation's id differs.
    const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`
    const frame = ({ text }: Answer) => `${head}${text}}`
    return {
      send(answers) {
        stream.cork()
        for (const answer of answers) ws.send(frame(answer))
        stream.uncork()
      },
      sendAndWait: answer => new Promise(resolve => ws.send(frame(answer), () => resolve())),
      isFull: () => ws.bufferedAmount > full,
      end,
    }
  }

  const socket: Socket = {
    ws,
    actor: null,
    operations: () => opening.size + served.size,
    begin(id) {
      const earlier = opening.get(id)
      if (earlier) earlier.left = true
      else opening.set(id, { left: false })
      return !earlier
    },
    begun: id => void opening.delete(id),
    serve: (id, answering) =>
      new Promise(resolve => {
        if (opening.get(id)?.left || ws.readyState !== ws.OPEN) return resolve(null)
        served.add(answering)
        const { return: end } = answering
        answering.return = async () => {
          served.delete(answering)
          resolve(null)
          return end ? end() : { done: true, value: undefined }
        }
        answering.attach(sinkOf(id, resolve))
      }),
    beat() {
      if (!socket.actor || ws.bufferedAmount > full) return
      // What is being opened may begin before all that is served.
      const told = opening.size > 0 ? [] : [...served].map(answering => answering.position())
      const cursor = told.filter(cursor => cursor !== null).sort()[0]
      ws.send(JSON.stringify(cursor === undefined ? { type: 'ping' } : { type: 'ping', payload: { cursor } }))
    },
    check(now) {
      const gone = stream.bytesWritten - stream.writableLength
      if (stream.writableLength === 0 || gone !== left) {
        left = gone
        since = now
      } else if (now - since > patience) ws.close(1013, 'Try again later')
    },
    end() {
      for (const answering of served) void answering.return?.()
    },
  }
  return socket
}
