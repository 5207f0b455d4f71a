import { once } from 'node:events'
import { createServer } from 'node:net'
import { sql } from 'kysely'
import { expect, inject, test } from 'vitest'
import { openChannel } from '../src/db/channel.ts'
import { connectPostgres } from '../src/db/connect.ts'
import { postgresHints } from '../src/live/hints.ts'
import { newPostgresDatabase } from './support/databases.ts'
import { client, newConversation, newWorkspace, startGateway } from './support/gateway.ts'
import { overSocket, socketClient, statusChanges } from './support/live.ts'

test('a channel that is closed while a silent server keeps it waiting is closed at once', async () => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const errors: unknown[] = []
  const channel = openChannel(`postgres://postgres@127.0.0.1:${port}/postgres`, 'test', {
    onMessage() {},
    onError: error => errors.push(error),
  })
  const [socket] = await once(server, 'connection')
  // The connection has said who it is.
  await once(socket, 'data')
  const begun = performance.now()
  await channel.close()
  expect(performance.now() - begun).toBeLessThan(1_000)
  expect(errors).toEqual([])
  socket.destroy()
  server.close()
})

test('a channel that is closed before it is connected is closed in the end', async () => {
  const channel = openChannel(inject('postgres'), 'test', { onMessage() {}, onError() {} })
  await channel.close()
})

test('a change tells the subscribers of another instance at once, and again after its listener was cut off', async () => {
  const url = await newPostgresDatabase()
  const start = () =>
    startGateway({ connection: connectPostgres(url), openHints: options => postgresHints(url, options) })
  const [one, other] = [await start(), await start()]
  const { client: caller } = await newWorkspace(one)
  const { id, cursor: after } = await newConversation(caller)
  const stock = socketClient(client(other.url, caller.key))
  const heard = overSocket(stock, statusChanges, { after })
  let changes = 0
  /** Milliseconds from before a change until the other instance has told of it. */
  async function delay(): Promise<number> {
    const begun = performance.now()
    const status = changes++ % 2 ? 'OPEN' : 'CLOSED'
    await caller.graphql(
      'mutation ($id: ID!, $status: ConversationStatus!) { setConversationStatus(input: { conversationId: $id, status: $status }) { cursor } }',
      { id, status },
    )
    await heard.until(changes)
    return performance.now() - begun
  }
  async function median(): Promise<number> {
    const delays: number[] = []
    while (delays.length < 20) delays.push(await delay())
    return delays.sort((a, b) => a - b)[10] ?? Number.NaN
  }
  const listeners = sql`datname = current_database() and query ~ '^(listen|select pg_notify)'`
  const listening = async () => {
    const { rows } = await sql`select pid from pg_stat_activity where ${listeners}`.execute(one.db)
    return rows.length
  }
  await expect.poll(listening).toBe(2)
  // The poll alone would take up to a second.
  expect(await median()).toBeLessThan(300)

  await sql`select pg_terminate_backend(pid) from pg_stat_activity where ${listeners}`.execute(one.db)
  await delay()
  await expect.poll(listening, { timeout: 10_000 }).toBe(2)
  expect(await median()).toBeLessThan(300)
  expect(heard.events).toHaveLength(changes)
  await stock.dispose()
  await Promise.all([one.close(), other.close()])
})
