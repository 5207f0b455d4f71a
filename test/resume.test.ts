import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { resume, resumingClient } from '../examples/resume.ts'

// The documented client against a server that breaks off as a gateway does whose database is away.

const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  handleProtocols: () => 'graphql-transport-ws',
})
const subscribed: string[] = []
beforeAll(() => {
  server.on('connection', (socket, request) => {
    const stream: Socket = request.socket
    socket.on('message', text => {
      const { id, type, payload } = JSON.parse(String(text))
      if (type === 'connection_init') return socket.send(JSON.stringify({ type: 'connection_ack' }))
      if (type !== 'subscribe') return undefined
      subscribed.push(payload.variables.after)
      const next = (answer: object) => socket.send(JSON.stringify({ id, type: 'next', payload: answer }))
      if (subscribed.length > 1) {
        next({ data: { event: { cursor: String(subscribed.length) } } })
        return subscribed.length === 2 ? setImmediate(() => socket.terminate()) : undefined
      }
      // Both in one piece: the stock client counts the subscription as left twice, and gives up at the next cut.
      stream.cork()
      next({ errors: [{ message: 'Away', extensions: { code: 'UNAVAILABLE' } }] })
      socket.send(JSON.stringify({ id, type: 'complete' }))
      return stream.uncork()
    })
  })
})
afterAll(() => server.close())

test('a client goes on when its server breaks off, and when its socket is cut after that', async () => {
  const { port } = server.address() as { port: number }
  const heard: string[] = []
  const errors: unknown[] = []
  const stop = resume<{ cursor: string }>({
    client: resumingClient(`http://127.0.0.1:${port}`, 'key'),
    subscription: { query: 'subscription ($after: EventCursor) { event(after: $after) { cursor } }' },
    snapshot: async () => '1',
    onEvent: ({ cursor }) => heard.push(cursor),
    onError: error => errors.push(error),
  })
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual(['2', '3'])
  expect({ subscribed, errors }).toEqual({ subscribed: ['1', '1', '2'], errors: [] })
  stop()
})
