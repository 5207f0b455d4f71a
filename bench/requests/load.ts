import { Client } from 'undici'
import type { Changing } from './changing.ts'
import type { Request } from './operations.ts'

export const connections = 16

export type Load = { requests: number; seconds: number; latenciesMs: number[] }

/** Sends a request and returns its body. @throws Error for another status than 200 */
export function send(client: Client, { method, path, headers, body }: Request): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let status = 0
    let link: string | null = null
    client.dispatch(
      { method, path, headers, body },
      {
        onRequestStart() {},
        onResponseStart(_, code, answered) {
          status = code
          link = answered.link?.toString() ?? null
        },
        onResponseData: (_, chunk) => void chunks.push(chunk),
        onResponseEnd() {
          if (status === 200) resolve({ link, chunks, bytes: sizeOf(chunks) })
          else reject(new Error(`${path} was answered with ${status}: ${Buffer.concat(chunks).toString()}`))
        },
        onResponseError: (_, error) => reject(error),
      },
    )
  })
}

export type Answer = { link: string | null; chunks: Buffer[]; bytes: number }

/** A connection that sends one request at a time. */
export type Connection = { send(request: Request): Promise<Answer>; close(): Promise<void> }

/** A connection over HTTP/1.1. */
export async function openHttp(url: string): Promise<Connection> {
  const client = new Client(url, { pipelining: 1 })
  return { send: request => send(client, request), close: () => client.close() }
}

const sizeOf = (chunks: readonly Buffer[]) => chunks.reduce((bytes, chunk) => bytes + chunk.length, 0)

export type LoadOptions = {
  durationMs: number
  /** The bytes of answers that do not change, by request. */
  sizes: Map<Request, number>
  /** What changes meanwhile; null: nothing. */
  changing: Changing | null
}

/**
 * Keeps every connection busy with one request at a time for so long. `next` makes the requests of a connection.
 * @throws Error when an answer has another size than before, or is older than a change before its request
 */
export async function load(
  open: () => Promise<Connection>,
  next: (connection: number) => Request,
  { durationMs, sizes, changing }: LoadOptions,
): Promise<Load> {
  const opened = await Promise.all(Array.from({ length: connections }, open))
  const latenciesMs: number[] = []
  const begun = performance.now()
  const keepBusy = async (connection: Connection, index: number) => {
    for (let sentAt = performance.now(); sentAt - begun < durationMs; ) {
      const request = next(index)
      const committed = changing?.committed() ?? 0
      const answer = await connection.send(request)
      const now = performance.now()
      latenciesMs.push(now - sentAt)
      sentAt = now
      if (answer.bytes !== (sizes.get(request) ?? answer.bytes))
        throw new Error('An answer has another size.')
      if (changing && !(changing.shownIn(answer) >= committed)) throw new Error('An answer is too old.')
    }
  }
  await Promise.all(opened.map(keepBusy))
  const seconds = (performance.now() - begun) / 1_000
  await Promise.all(opened.map(connection => connection.close()))
  return { requests: latenciesMs.length, seconds, latenciesMs }
}
