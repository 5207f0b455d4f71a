import { type DestinationStream, pino } from 'pino'

/** How long a line may be held while others come. */
const heldMs = 100
/** Lines of this size together leave at once. */
const heldBytes = 8_192

/**
 * Writes lines to the standard output: one at once, and those that follow it within 100 ms together, as each write takes
 * longer than making its line. They are written before the process exits. One that is killed loses them.
 */
export function logOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true, minLength: heldBytes })
  let isHeld = false
  process.once('exit', () => output.flushSync())

  function release(): void {
    isHeld = false
    output.flush()
  }

  return {
    write(line) {
      output.write(line)
      if (isHeld) return
      output.flush()
      isHeld = true
      setTimeout(release, heldMs).unref()
    },
  }
}
