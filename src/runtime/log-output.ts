import { type DestinationStream, pino } from 'pino'

/** How long a line may be held while others come. */
const heldMs = 20

/**
 * Writes lines to the standard output: one at once, and those that follow it within 20 ms together, as a write takes
 * longer than making its line. A reader that is slow keeps nobody waiting. What is held when the process exits is written
 * then; a process that is killed loses it.
 */
export function logOutput(): DestinationStream {
  let held = ''
  let isHolding = false

  function release(): void {
    isHolding = false
    if (held !== '') output.write(held)
    held = ''
  }

  // Registered before pino's own, which write what has been released and close the output.
  process.once('beforeExit', release)
  process.once('exit', () => {
    try {
      output.flushSync()
      pino.destination({ dest: 1, sync: true }).write(held)
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
