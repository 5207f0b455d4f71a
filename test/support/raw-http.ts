import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** Gets a path as it comes over the wire: `fetch` would undo the content coding and add headers of its own. */
export async function rawGet(url: string, path: string, headers: Record<string, string> = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request(`${url}${path}`, { headers, agent: false }, resolve).once('error', reject).end()
  const response = await promise
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) }
}

/** A bare connection, which stays open until the other side cuts it, or until its test ends. */
export function rawConnection(url: string) {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  return Object.assign(socket, { gone: new Promise<void>(resolve => socket.once('close', () => resolve())) })
}

/** Sends this, and returns all that comes back until the other side has closed the connection. */
export async function rawExchange(url: string, text: string): Promise<string> {
  const socket = rawConnection(url)
  let answer = ''
  socket.on('data', chunk => {
    answer += chunk
  })
  socket.once('end', () => socket.end())
  socket.write(text)
  await socket.gone
  return answer
}
