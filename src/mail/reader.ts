import { Piscina } from 'piscina'
import type { ReadMail } from './read-mail.ts'

/** Reads mail beside the process, so that a large or malicious one keeps nobody waiting. */
export type Reader = {
  /** @throws AbortError when it takes longer than 20 seconds; Error for what cannot be read at all */
  read(raw: Uint8Array): Promise<ReadMail>
  close(): Promise<void>
}

const patience = 20_000

/** Starts no thread before the first mail, and lets them go when there is none for a while. */
export function createReader(): Reader {
  const threads = new Piscina({
    filename: new URL('./read-mail.ts', import.meta.url).href,
    name: 'readMail',
    minThreads: 0,
    maxThreads: 2,
    idleTimeout: 60_000,
  })
  return {
    read: raw => threads.run(raw, { signal: AbortSignal.timeout(patience) }),
    close: () => threads.destroy(),
  }
}
