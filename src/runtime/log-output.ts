import { writeSync } from 'node:fs'
import { type DestinationStream, pino } from 'pino'
import type { HeldLines } from './held-lines.ts'

/** A pipe that is full is tried again after this time. */
const againAfterMs = 20

/**
 * Standard output, to which another thread writes: a reader that is slow keeps nobody waiting. Lines that come meanwhile
 * are written together. What has not been written when the process exits is written then, and `held` are the lines that
 * have not been made.
 */
export function standardOutput(held: HeldLines): DestinationStream {
  const output = pino.destination({ dest: 1, sync: false })
  const library = output as unknown as Held & { minLength: number }
  // Its own tries for ever when nobody reads.
  function flushSync() {
    // What the thread is given now would be lost when the process exits.
    library.minLength = Number.POSITIVE_INFINITY
    held.makeAll()
    writeAll(takeHeld(library))
    library.minLength = 0
  }
  Object.assign(output, { flushSync })
  return output
}

/** The lines that the library holds behind those that are being written, and how many bytes all of them have. */
type Held = { _bufs: string[]; _len: number }

function takeHeld(held: Held): string {
  held._len = 0
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
