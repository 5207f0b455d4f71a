import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createMessageTurns } from '../../src/graphql/transport/websocket/message-turns.ts'
import { createIterations } from '../../src/runtime/iterations.ts'

const iteration = () => new Promise<void>(resolve => setImmediate(resolve))

/** The server's side of a socket. */
async function openSocket(): Promise<WebSocket> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => client.terminate())
  const [ws] = await once(server, 'connection')
  return ws as WebSocket
}

test('the messages of a socket keep their order when its key becomes known meanwhile', async () => {
  const ws = await openSocket()
  const iterations = createIterations(1)
  const done: number[] = []
  let owner = 'an address'
  const inTurn = createMessageTurns(ws, iterations, () => owner)
  iterations.run('somebody else', () => {})
  inTurn(() => {
    done.push(1)
    owner = 'key_a'
  })
  for (const message of [2, 3]) inTurn(() => void done.push(message))
  await iteration()
  inTurn(() => void done.push(4))
  for (let round = 0; round < 4; round++) await iteration()
  expect(done).toEqual([1, 2, 3, 4])
})

test('a socket with more than 8 messages waiting is read from again when none waits', async () => {
  const ws = await openSocket()
  const inTurn = createMessageTurns(ws, createIterations(4), () => 'key_a')
  for (let message = 0; message < 12; message++) inTurn(() => {})
  expect(ws.isPaused).toBe(false)
  inTurn(() => {})
  expect(ws.isPaused).toBe(true)
  await iteration()
  expect(ws.isPaused).toBe(true)
  for (let round = 0; round < 3; round++) await iteration()
  expect(ws.isPaused).toBe(false)
})
