import { once } from 'node:events'
import type { Socket as Stream } from 'node:net'
import { expect, test } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { createSocket } from '../src/graphql/socket.ts'
import type { Answering } from '../src/graphql/subscribe.ts'

test('a ping tells how far all of a socket has come, but not while an operation is being opened', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`)
  const pings: object[] = []
  client.on('message', text => pings.push(JSON.parse(String(text))))
  const [ws, { socket: stream }] = (await once(server, 'connection')) as [WebSocket, { socket: Stream }]
  const socket = createSocket(ws, stream)
  socket.actor = { workspaceId: 'wrk_1', id: 'key_1', keyId: 'key_1', scopes: ['read'] }
  const standingAt = (cursor: string) => ({ position: () => cursor, attach() {} }) as unknown as Answering
  void socket.serve('1', standingAt('b'))
  expect(socket.begin('2')).toBe(true)
  // It may begin before all others.
  socket.beat()
  void socket.serve('2', standingAt('a'))
  socket.begun('2')
  socket.beat()
  await expect.poll(() => pings).toEqual([{ type: 'ping' }, { type: 'ping', payload: { cursor: 'a' } }])
  expect(socket.operations()).toBe(2)
  socket.end()
  expect(socket.operations()).toBe(0)
  client.terminate()
  server.close()
})
