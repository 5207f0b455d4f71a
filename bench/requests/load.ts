import { Client } from 'undici'
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
          if (status === 200) resolve({ link, chunks })
          else reject(new Error(`${path} was answered with ${status}: ${Buffer.concat(chunks).toString()}`))
        },
        onResponseError: (_, error) => reject(error),
      },
    )
  })
}

export type Answer = { link: string | null; chunks: Buffer[] }

const sizeOf = ({ chunks }: Answer) => chunks.reduce((bytes, chunk) => bytes + chunk.length, 0)

/**
 * Keeps every connection busy with one request at a time for so long. `next` makes the requests of a connection; `sizes`
 * has the bytes of answers that do not change, by request.
 * @throws Error when an answer has another size than before
 */
export async function load(
  url: string,
  next: (connection: number) => Request,
  { durationMs, sizes }: { durationMs: number; sizes: Map<Request, number> },
): Promise<Load> {
  const clients = Array.from({ length: connections }, () => new Client(url, { pipelining: 1 }))
  const latenciesMs: number[] = []
  const begun = performance.now()
  const keepBusy = async (client: Client, connection: number) => {
    for (let sentAt = performance.now(); sentAt - begun < durationMs; ) {
      const request = next(connection)
      const size = sizeOf(await send(client, request))
      const now = performance.now()
      latenciesMs.push(now - sentAt)
      sentAt = now
      if (size !== (sizes.get(request) ?? size)) throw new Error(`${url} gave an answer of another size.`)
    }
  }
  await Promise.all(clients.map(keepBusy))
  const seconds = (performance.now() - begun) / 1_000
  await Promise.all(clients.map(client => client.close()))
  return { requests: latenciesMs.length, seconds, latenciesMs }
}
