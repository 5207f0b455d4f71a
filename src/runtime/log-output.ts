import { type DestinationStream, pino } from 'pino'

/** Lines of so many bytes together are written at once. */
const heldBytes = 4_096
/** Fewer are written after this time. */
const heldMs = 100

/** Where a process writes its log. */
export type LogOutput = DestinationStream & {
  /** From now on, lines that come shortly after one another are written together. */
  hold(): void
  /** From now on, each line is written when it comes. So are those that are held. */
  release(): void
  /** Calls back when what has come is written, or nobody reads it any more. */
  flush(done: () => void): void
}

/**
 * Standard output, to which another thread writes: a reader that is slow keeps nobody waiting. Writing a line takes longer
 * than making it, so lines can be held for up to 100 ms. Lines are not held at the start and at the end: when a process
 * exits that holds lines which nobody reads, its library tries to write them for ever.
 */
export function standardOutput(): LogOutput {
  // Without a length, it would not tell when it has written.
  const output = pino.destination({ dest: 1, sync: false, minLength: 1 })
  let isHolding = false
  let timer: NodeJS.Timeout | undefined

  function holdUpTo(minLength: number): void {
    Object.assign(output, { minLength })
    isHolding = minLength > 1
  }

  function writeHeld(): void {
    timer = undefined
    output.flush()
  }

  return {
    write(line) {
      output.write(line)
      if (isHolding && timer === undefined) timer = setTimeout(writeHeld, heldMs).unref()
    },
    hold: () => holdUpTo(heldBytes),
    release() {
      holdUpTo(1)
      output.flush()
    },
    flush: done => output.flush(() => done()),
  }
}
