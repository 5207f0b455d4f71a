import { type DestinationStream, pino } from 'pino'

/** How long a line may be held while others come. */
const heldMs = 100
/** Lines of this size together leave at once. */
const heldBytes = 8_192
/** A line of this level leaves at once, with those before it. */
const urgentLevel = pino.levels.values.warn ?? 0

/**
 * Writes lines to the standard output: one at once, and those that follow it within 100 ms together, as each write takes
 * longer than making its line. Warnings and errors leave at once, and all lines before the process exits. A process that
 * is killed loses those that it holds.
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
    // With it, pino tells the level of each line.
    [pino.symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    write(line: string) {
      output.write(line)
      if (isHeld && this.lastLevel < urgentLevel) return
      output.flush()
      if (isHeld) return
      isHeld = true
      setTimeout(release, heldMs).unref()
    },
  } as DestinationStream & { lastLevel: number }
}
