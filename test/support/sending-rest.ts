import { randomUUID } from 'node:crypto'
import { knownOperation, ownIdAt } from './known-rest-positions.ts'
import type { RestPosition } from './openapi-positions.ts'
import { rawExchange } from './raw-http.ts'
import { merged } from './sending.ts'
import type { Filled } from './two-workspaces.ts'

/**
 * Sends the request that has a value at a position, sent by a workspace, byte by byte, because HTTP clients refuse some
 * values. Returns the whole answer, with placeholders for what each answer has of its own.
 *
 * @param subject what tells apart two requests that add a message
 */
export async function sendOverRest(
  position: RestPosition,
  value: string,
  own: Filled,
  subject: string = randomUUID(),
): Promise<string> {
  const answer = await rawExchange(own.client.url, requestAt(position, value, own, subject))
  // The gateway writes this header itself, elsewhere, if the answer is ready before the body has arrived.
  return answer
    .replace(/^connection: close\r\n/im, '')
    .replace(/^(date|x-request-id|ratelimit|etag): .*$/gim, '$1: …')
}

/** The different answers to these values at a position. */
export async function answersTo(position: RestPosition, values: string[], own: Filled): Promise<string[]> {
  const answers = new Set<string>()
  for (const value of values) answers.add(await sendOverRest(position, value, own))
  return [...answers]
}

/** An answer with placeholders for the ids of what the request has made. */
export const withoutNewIds = (answer: string) => answer.replace(/\b(thd|ctc|msg)_[0-9a-z]{26}\b/g, '$1_…')

function requestAt(
  { operation, place: [where, ...path] }: RestPosition,
  value: string,
  own: Filled,
  subject: string,
): string {
  const name = path.join()
  const [method, template = ''] = operation.split(' ')
  const url = template.replace(/\{(\w+)\}/g, (_, each: string) =>
    encodeURIComponent(where === 'path' && each === name ? value : ownIdAt(operation, each, own)),
  )
  const query = where === 'query' ? `?${new URLSearchParams([[name, value]])}` : ''
  const accepted = knownOperation(operation).body?.(own, subject)
  const body = where === 'body' ? withValue(accepted, path, value) : accepted
  return [
    `${method} ${url}${query} HTTP/1.1`,
    `Host: ${new URL(own.client.url).host}`,
    'Connection: close',
    `Authorization: Bearer ${where === 'security' ? value : own.client.key}`,
    ...(where === 'header' ? [`${name}: ${value}`] : []),
    ...(body === undefined ? ['', ''] : withBody(body)),
  ].join('\r\n')
}

const withValue = (accepted: object | string | undefined, path: string[], value: string) =>
  path.length === 0 ? value : merged(accepted as Record<string, unknown>, path, value)

/** The last headers of a request, and its body: a mail if it is text, else JSON. */
function withBody(body: object | string): string[] {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const type = typeof body === 'string' ? 'message/rfc822' : 'application/json'
  return [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(text)}`, '', text]
}
