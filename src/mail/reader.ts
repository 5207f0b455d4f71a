import { Piscina } from 'piscina'
import { refusal } from '../domain/errors.ts'
import type { ReadMail } from './read-mail.ts'

/** Reads mail beside the process, so that a large or malicious one keeps nobody waiting. */
export type Reader = {
  /**
   * What a mail says; null: it cannot be read.
   * @throws Refusal UNAVAILABLE when there is too much to read, or something that takes longer than a minute
   */
  read(raw: Uint8Array): Promise<ReadMail | null>
  close(): Promise<void>
}

const patience = 60_000

/** Starts no thread before the first mail, and lets them go when there is none for a while. */
export function createReader(): Reader {
  const threads = new Piscina({
    filename: new URL('./read-mail.ts', import.meta.url).href,
    name: 'readMail',
    minThreads: 0,
    maxThreads: 2,
    idleTimeout: 60_000,
    maxQueue: 64,
    resourceLimits: { maxOldGenerationSizeMb: 1_024 },
  })
  return {
    read: raw =>
      threads.run(raw, { signal: AbortSignal.timeout(patience) }).catch(() => {
        // Whoever handed it in keeps it: it may be read when there is less to do.
        throw refusal('UNAVAILABLE', 'The mail could not be read in time. Try again later.')
      }),
    close: () => threads.destroy(),
  }
}
