import { once } from 'node:events'
import { createServer } from 'node:net'
import { setImmediate as soon } from 'node:timers/promises'
import { sql } from 'kysely'
import { expect, inject, onTestFinished, test } from 'vitest'
import { openNotifications } from '../../../src/db/notifications.ts'
import { openPostgres } from '../../../src/db/open-postgres.ts'
import { postgresHints } from '../../../src/live/hints.ts'
import { newPostgresDatabase } from '../../support/databases.ts'
import { client, newConversation, newWorkspace, startGateway } from '../../support/gateway.ts'
import { closeClients, overSocket, socketClient, statusChanges } from '../../support/live.ts'
import { startSilentProxy } from '../../support/silent-proxy.ts'

test('a channel that is closed while a silent server keeps it waiting is closed at once', async () => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const errors: unknown[] = []
  const channel = openNotifications(`postgres://postgres@127.0.0.1:${port}/postgres`, 'test', {
    onMessage() {},
    notifyElsewhere: async () => {},
    onDeaf() {},
    onError: error => errors.push(error),
  })
  onTestFinished(() => void server.close())
  const [socket] = await once(server, 'connection')
  // The connection has sent its user's name.
  await once(socket, 'data')
  const begun = performance.now()
  await channel.close()
  // Without an answer it would wait for 5 seconds.
  expect(performance.now() - begun).toBeLessThan(5_000)
  expect(errors).toEqual([])
  socket.destroy()
})

test('a channel that is closed before it is connected is closed in the end', async () => {
  const channel = openNotifications(inject('postgres'), 'test', {
    onMessage() {},
    notifyElsewhere: async () => {},
    onDeaf() {},
    onError() {},
  })
  await channel.close()
})

test('changes that are told while notifications are away write no line each', async () => {
  const errors: unknown[] = []
  const database = openPostgres('postgres://postgres@127.0.0.1:1/postgres')
  const hints = postgresHints('postgres://postgres@127.0.0.1:1/postgres', {
    probe: database.probe,
    onHint() {},
    onDeaf() {},
    onError: error => errors.push(error),
  })
  await expect.poll(() => errors.length).toBeGreaterThan(2)
  const before = errors.length
  for (let change = 0; change < 1_000; change++) {
    hints.publish('wrk_a')
    await soon()
  }
  await expect.poll(() => errors.length).toBeGreaterThan(before)
  expect(errors.length).toBeLessThan(100)
  await hints.close()
  await database.close()
})

test('a change reaches the subscribers of another instance at once, and again after its listener was cut off', async () => {
  const url = await newPostgresDatabase()
  const start = () =>
    startGateway({
      database: log => openPostgres(url, { log }),
      openHints: options => postgresHints(url, options),
    })
  const [one, other] = [await start(), await start()]
  onTestFinished(async () => {
    await closeClients()
    await Promise.all([one.close(), other.close()])
  })
  const { client: caller } = await newWorkspace(one)
  const { id, cursor: after } = await newConversation(caller)
  const stock = socketClient(client(other.url, caller.key))
  const heard = overSocket(stock, statusChanges, { after })
  let changes = 0
  /** Milliseconds from before a change until the other instance has delivered it. */
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
  async function fastest(): Promise<number> {
    const delays: number[] = []
    while (delays.length < 20) delays.push(await delay())
    return Math.min(...delays)
  }
  const listeners = sql`datname = current_database() and query ~ '^(listen|select pg_notify)'`
  const listening = async () => {
    const { rows } = await sql`select pid from pg_stat_activity where ${listeners}`.execute(one.db)
    return rows.length
  }
  await expect.poll(listening).toBe(2)
  // Each change follows the event before, and so a look at the log. The next look alone would come a second later.
  expect(await fastest()).toBeLessThan(500)

  await sql`select pg_terminate_backend(pid) from pg_stat_activity where ${listeners}`.execute(one.db)
  await delay()
  await expect.poll(listening).toBe(2)
  expect(await fastest()).toBeLessThan(500)
  expect(heard.events).toHaveLength(changes)
  const metrics = async ({ url }: { url: string }) => (await fetch(`${url}/metrics`)).text()
  expect(await metrics(one)).toMatch(/gateway_hints_total\{direction="sent"\} [1-9]/)
  expect(await metrics(other)).toMatch(/gateway_hints_total\{direction="received"\} [1-9]/)
})

test('a channel on which nothing arrives any more is opened anew, and closes although nothing answers', async () => {
  const network = await startSilentProxy(await newPostgresDatabase())
  onTestFinished(network.close)
  const database = openPostgres(network.url)
  const received: string[] = []
  const errors: unknown[] = []
  const hints = postgresHints(network.url, {
    probe: database.probe,
    onHint: workspaceId => received.push(workspaceId),
    onDeaf() {},
    onError: error => errors.push(error),
  })
  const other = postgresHints(network.url, { probe: database.probe, onHint() {}, onDeaf() {}, onError() {} })
  await expect.poll(hints.isListening).toBe(true)
  network.silence()
  await expect.poll(hints.isListening, { timeout: 30_000 }).toBe(false)
  await expect
    .poll(
      () => {
        other.publish('wrk_again')
        return received.length
      },
      { timeout: 30_000 },
    )
    .toBeGreaterThan(0)
  expect(String(errors[0])).toContain('do not arrive any more')
  network.silence()
  const begun = performance.now()
  await Promise.all([hints.close(), other.close()])
  expect(performance.now() - begun).toBeLessThan(10_000)
  await database.close()
})
