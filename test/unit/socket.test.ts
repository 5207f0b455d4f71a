import { once } from 'node:events'
import type { Socket as Stream } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { answerStream } from '../../src/graphql/execution/answer-stream.ts'
import { createClientSocket } from '../../src/graphql/transport/websocket/socket.ts'
import { createQuota } from '../../src/runtime/quota.ts'

test('a ping has the oldest cursor of its socket, and none while an operation is being opened', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => {
    for (const each of server.clients) each.terminate()
    server.close()
  })
  await once(server, 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`)
  const pings: object[] = []
  client.on('message', text => pings.push(JSON.parse(String(text))))
  const [ws, { socket: stream }] = (await once(server, 'connection')) as [WebSocket, { socket: Stream }]
  const socket = createClientSocket(ws, stream, {
    unsent: createQuota(64_000_000),
    maxSocketsPerKey: 1_000,
    address: '127.0.0.1',
  })
  socket.actor = { workspaceId: 'wrk_1', id: 'key_1', keyId: 'key_1', scopes: ['read'] }
  const streamAt = (cursor: string) =>
    answerStream({ position: () => cursor, attach() {}, next: async () => undefined, end() {} })
  socket.begin('1', () => {})
  void socket.serve('1', streamAt('b'))
  socket.begun('1')
  expect(socket.begin('2', () => {})).toBeInstanceOf(AbortSignal)
  // It may begin at an older cursor than all others.
  socket.ping()
  void socket.serve('2', streamAt('a'))
  socket.begun('2')
  socket.ping()
  await expect.poll(() => pings).toEqual([{ type: 'ping' }, { type: 'ping', payload: { cursor: 'a' } }])
  expect(socket.operations()).toBe(2)
  socket.end()
  await expect.poll(() => socket.operations()).toBe(0)
})
