import { writeSync } from 'node:fs'
import { type DestinationStream, pino } from 'pino'

/** How long a line may be held while others come. */
const heldMs = 20

/**
 * Writes lines to the standard output: one at once, and those that follow it within 20 ms together, as each write takes
 * longer than making its line. Whoever reads them slowly keeps nobody waiting. What is held when the process exits is
 * written then; a process that is killed loses it.
 */
export function logOutput(): DestinationStream {
  let held = ''
  let isHolding = false

  function release(): void {
    isHolding = false
    if (held !== '') output.write(held)
    held = ''
  }

  // Before those of pino, which write what has been released.
  process.once('beforeExit', release)
  process.once('exit', () => {
    try {
      output.flushSync()
      writeSync(1, held)
    } catch {
      // Nobody reads them any more.
    }
  })
  const output = pino.destination({ dest: 1, sync: false })

  return {
    write(line) {
      if (isHolding) {
        held += line
        return
      }
      output.write(line)
      isHolding = true
      setTimeout(release, heldMs).unref()
    },
  }
}
