import { writeSync } from 'node:fs'
import { type DestinationStream, pino } from 'pino'

/** Lines of so many bytes together are written at once. */
const heldBytes = 4_096
/** Fewer are written after this time. Its timer makes an idle process write nothing, ten times a second. */
const heldMs = 100
/** A pipe that is full is tried again after this time. */
const againAfterMs = 20

/** Where a process writes its log. */
export type LogOutput = DestinationStream & {
  /** From now on, lines that come shortly after one another are written together, until the process ends. */
  hold(): void
  /** The process ends: from now on, each line is written when it comes. So are those that are held. */
  release(): void
  /** Calls back when what has come is written, or nobody reads it any more. */
  flush(done: () => void): void
}

/**
 * Standard output, to which another thread writes: a reader that is slow keeps nobody waiting. Writing a line takes longer
 * than making it, so lines can be held for up to 100 ms. They are not held at the start and at the end, where they tell
 * why a process does not go on.
 */
export function standardOutput(): LogOutput {
  // With a length of 0, it would not tell when it has written.
  const output = pino.destination({ dest: 1, sync: false, minLength: 1, periodicFlush: heldMs })
  let isEnding = false
  // Its own, which the exit calls, tries for ever when nobody reads.
  Object.assign(output, { flushSync: () => writeAll((output as unknown as Held)._bufs.splice(0).join('')) })

  return {
    write: line => void output.write(line),
    hold() {
      // A signal may have come while the start went on.
      if (!isEnding) Object.assign(output, { minLength: heldBytes })
    },
    release() {
      isEnding = true
      Object.assign(output, { minLength: 1 })
      output.flush()
    },
    flush: done => output.flush(() => done()),
  }
}

/** The lines that the library holds, behind those that are being written. */
type Held = { _bufs: string[] }

/** Waits for a slow reader. Without one, the text is lost. */
function writeAll(text: string): void {
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, againAfterMs)
    }
  }
}
