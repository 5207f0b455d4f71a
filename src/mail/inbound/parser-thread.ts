import type { MessagePort } from 'node:worker_threads'
import { type InboundMail, parseMail } from './parse.ts'

/** A mail for a thread, and the port on which the thread says that it has begun. */
export type ParserTask = { raw: Uint8Array; begun: MessagePort }

/** What a thread of the parser runs. */
export function parseInThread({ raw, begun }: ParserTask): Promise<InboundMail | null> {
  begun.postMessage(null)
  return parseMail(raw)
}
