import { type DestinationStream, pino } from 'pino'

/** Lines of so many bytes together are written at once. */
const heldBytes = 4_096
/** Fewer are written after this time. Its timer makes an idle process write nothing, ten times a second. */
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
  // With a length of 0, it would not tell when it has written.
  const output = pino.destination({ dest: 1, sync: false, minLength: 1, periodicFlush: heldMs })
  return {
    write: line => void output.write(line),
    hold: () => void Object.assign(output, { minLength: heldBytes }),
    release() {
      Object.assign(output, { minLength: 1 })
      output.flush()
    },
    flush: done => output.flush(() => done()),
  }
}
