import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { resume, resumingClient } from '../../examples/resume.ts'

/** A server that breaks off as a gateway does whose database is away, and the cursors that it was sent. */
async function startServer() {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: () => 'graphql-transport-ws',
  })
  onTestFinished(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  const subscribed: string[] = []
  server.on('connection', (socket, request) => {
    const stream: Socket = request.socket
    socket.on('message', text => {
      const { id, type, payload } = JSON.parse(String(text))
      if (type === 'connection_init') return socket.send(JSON.stringify({ type: 'connection_ack' }))
      if (type !== 'subscribe') return undefined
      subscribed.push(payload.variables.after)
      const next = (result: object) => socket.send(JSON.stringify({ id, type: 'next', payload: result }))
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
  await once(server, 'listening')
  return { port: (server.address() as { port: number }).port, subscribed }
}

test('the documented client resumes when its server breaks off, and when its socket is cut after that', async () => {
  const { port, subscribed } = await startServer()
  const heard: string[] = []
  const errors: unknown[] = []
  const stop = resume<{ cursor: string }>({
    client: resumingClient(`http://127.0.0.1:${port}`, 'key'),
    subscription: { query: 'subscription ($after: EventCursor) { event(after: $after) { cursor } }' },
    snapshot: async () => '1',
    onEvent: ({ cursor }) => heard.push(cursor),
    onError: error => errors.push(error),
  })
  onTestFinished(stop)
  await expect.poll(() => heard).toEqual(['2', '3'])
  expect({ subscribed, errors }).toEqual({ subscribed: ['1', '1', '2'], errors: [] })
})

/** Follows a server that answers each subscription with this error and ends it. Returns the call and a stop. */
function followRefused(error: { code: string; retryAfter?: number }) {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const subscribe = vi.fn((_, observer: { next(result: object): void; complete(): void }) => {
    observer.next({ errors: [{ extensions: error }] })
    observer.complete()
    return () => {}
  })
  const stop = resume({
    client: { subscribe } as never,
    subscription: { query: 'subscription { event { cursor } }' },
    snapshot: async () => 'cursor',
    onEvent() {},
    onError: expect.unreachable,
  })
  return { subscribe, stop }
}

test('a client that is stopped while it waits for the database subscribes no more', async () => {
  const { subscribe, stop } = followRefused({ code: 'UNAVAILABLE' })
  await vi.advanceTimersByTimeAsync(700)
  expect(subscribe).toHaveBeenCalledTimes(2)
  stop()
  await vi.advanceTimersByTimeAsync(700)
  expect(subscribe).toHaveBeenCalledTimes(2)
})

test('a client that is limited subscribes again after the time that it is told', async () => {
  const { subscribe, stop } = followRefused({ code: 'RATE_LIMITED', retryAfter: 3 })
  await vi.advanceTimersByTimeAsync(2_900)
  expect(subscribe).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(200)
  expect(subscribe).toHaveBeenCalledTimes(2)
  stop()
})
