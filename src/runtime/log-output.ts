import { writeSync } from 'node:fs'
import { type DestinationStream, pino } from 'pino'
import type { HeldLines } from './held-lines.ts'

/** Lines of so many bytes together are written at once. */
const heldBytes = 4_096
/** Fewer are written after this time. Its timer makes an idle process write nothing, ten times a second. */
const heldMs = 100
/** A pipe that is full is tried again after this time. */
const againAfterMs = 20

/**
 * Standard output, to which another thread writes: a reader that is slow keeps nobody waiting. Writing a line takes longer
 * than making it, so lines are held for up to 100 ms, made, and written together. What is held when the process exits is
 * written then.
 */
export function standardOutput(held: HeldLines): DestinationStream {
  const output = pino.destination({ dest: 1, sync: false, minLength: heldBytes, periodicFlush: heldMs })
  const library = output as unknown as Held
  const flush = output.flush.bind(output)
  Object.assign(output, {
    flush(done?: (error?: Error) => void) {
      held.makeAll()
      flush(done)
    },
    // Its own tries for ever when nobody reads.
    flushSync() {
      // What the thread was given now would be lost when the process exits.
      library.minLength = Number.POSITIVE_INFINITY
      held.makeAll()
      writeAll(takeHeld(library))
      library.minLength = heldBytes
    },
  })
  return output
}

/** The lines that the library holds behind those that are being written, and how many bytes all of them have. */
type Held = { _bufs: string[]; _len: number; _writingBuf: string; minLength: number }

function takeHeld(held: Held): string {
  held._len = Buffer.byteLength(held._writingBuf)
  return held._bufs.splice(0).join('')
}

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
