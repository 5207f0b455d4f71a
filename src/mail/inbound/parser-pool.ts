import { MessageChannel } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { type Refusal, refusal } from '../../domain/errors.ts'
import { headerBlock } from './header-block.ts'
import { createMailQueue } from './mail-queue.ts'
import type { InboundMail } from './parse.ts'
import type { ParserTask } from './parser-thread.ts'

/** Parses mail in worker threads, so that a large or malicious mail does not block the process. */
export type MailParser = {
  /**
   * The content of a mail; null: it cannot be parsed. The bytes are given away: they cannot be used any more. A mail that
   * takes longer than 5 seconds or more memory than a thread has is read by its headers, and its text says so.
   * Workspaces take turns.
   * @throws Refusal UNAVAILABLE if too many mails wait, or threads cannot be started
   */
  parse(workspaceId: string, raw: Uint8Array): Promise<InboundMail | null>
  close(): Promise<void>
}

/**
 * How long one mail may take, from the moment that its thread has begun it. On a busy machine a thread gets less than
 * that, so it goes on until the process has computed for that long, too.
 */
const parseTimeoutMs = 5_000
const maxParseMs = 30_000
const checkEveryMs = 500
/** How long a thread may take to start. */
const startTimeoutMs = 60_000
const maxThreads = 2

/** Starts no thread before the first mail, and ends threads that are idle for a minute. */
export function createMailParser(): MailParser {
  const threads = new Piscina({
    filename: new URL('./parser-thread.ts', import.meta.url).href,
    name: 'parseInThread',
    minThreads: 0,
    maxThreads,
    idleTimeout: 60_000,
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  })
  // A thread that fails without a mail is replaced when the next one comes.
  threads.on('error', () => {})
  const queue = createMailQueue({ maxAtOnce: maxThreads, maxWaiting: 64, maxWaitingOfOne: 48 })
  let isClosing = false

  async function parseOrReadHeaders(raw: Uint8Array): Promise<InboundMail | null> {
    const head = headerBlock(raw)
    try {
      return await runInThread(threads, raw)
    } catch {
      // The sender keeps the mail and can hand it in again later.
      if (isClosing) throw unavailable()
      const mail = await runInThread(threads, head).catch(() => Promise.reject(unavailable()))
      return mail && { ...mail, text: '[could not be read]', attachments: [], bounce: null }
    }
  }

  return {
    async parse(workspaceId, raw) {
      const parsed = queue.run(workspaceId, () => parseOrReadHeaders(raw))
      if (parsed === null) throw unavailable()
      return parsed
    },
    close() {
      isClosing = true
      return threads.destroy()
    },
  }
}

const unavailable = (): Refusal =>
  refusal('UNAVAILABLE', 'The mail could not be read in time. Try again later.')

/** @throws Error if the mail takes too long or too much memory; its thread has ended then */
async function runInThread(threads: Piscina, raw: Uint8Array): Promise<InboundMail | null> {
  const { port1, port2: begun } = new MessageChannel()
  const stop = new AbortController()
  let timer = setTimeout(() => stop.abort(), startTimeoutMs)
  port1.once('message', () => {
    const begunAt = performance.now()
    const computedMs = computedSoFarMs()
    const check = () => {
      const isSpent = computedSoFarMs() - computedMs >= parseTimeoutMs
      if (isSpent || performance.now() - begunAt >= maxParseMs) stop.abort()
      else timer = setTimeout(check, checkEveryMs)
    }
    clearTimeout(timer)
    timer = setTimeout(check, parseTimeoutMs)
  })
  const own = ownBytes(raw)
  const task: ParserTask = { raw: own, begun }
  try {
    return await threads.run(task, { signal: stop.signal, transferList: [own.buffer, begun] })
  } finally {
    clearTimeout(timer)
    port1.close()
  }
}

/** How long all threads of this process have computed so far. */
function computedSoFarMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** The bytes in a buffer of their own, which can be handed to a thread. Small buffers share one. */
const ownBytes = (raw: Uint8Array): Uint8Array<ArrayBuffer> =>
  raw.byteLength === raw.buffer.byteLength && raw.buffer instanceof ArrayBuffer
    ? new Uint8Array(raw.buffer)
    : new Uint8Array(raw)
