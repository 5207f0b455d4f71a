import { Piscina } from 'piscina'
import type * as reading from './reading.ts'

/** Reads mail beside the process, so that a large or malicious one keeps nobody waiting. */
export type Reader = {
  /** @throws AbortError when it takes longer than 20 seconds; Error for what cannot be read at all */
  read(raw: Uint8Array): ReturnType<typeof reading.readMail>
  /** The text without what it quotes; all of it when that takes longer than a second. */
  unquote(text: string): Promise<string>
  close(): Promise<void>
}

const patience = 20_000
/** The expressions by which quotations are found take exponential time on texts that are made for it. */
const unquotePatience = 1_000

/** Starts no thread before the first mail, and lets them go when there is none for a while. */
export function createReader(): Reader {
  const threads = new Piscina({
    filename: new URL('./reading.ts', import.meta.url).href,
    minThreads: 0,
    maxThreads: 2,
    idleTimeout: 60_000,
  })
  const run = (name: keyof typeof reading, input: unknown, milliseconds: number) =>
    threads.run(input, { name, signal: AbortSignal.timeout(milliseconds) })
  return {
    read: raw => run('readMail', raw, patience),
    unquote: text => run('unquote', text, unquotePatience).catch(() => text),
    close: () => threads.destroy(),
  }
}
