import type { Socket } from 'node:net'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { openFrames } from '../../bench/frames.ts'
import { setConversationStatus } from '../../src/domain/conversation/set-status.ts'
import { seqOf } from '../../src/domain/event-cursor.ts'
import type { Actor } from '../../src/domain/operation.ts'
import { type Client, type Gateway, newConversation, newWorkspace, startGateway } from '../support/gateway.ts'
import { overSocket, socketClient } from '../support/live.ts'

// Many clients, of which many are slow, gone or foreign.

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ socketsPerKey: 100_000 })
})
afterAll(() => gateway.close())

type Workspace = Awaited<ReturnType<typeof newWorkspace>>
type Told = { cursor: string }

const query =
  'subscription ($after: EventCursor) { conversationStatusChanged(after: $after) { cursor conversation { id subject lastMessagePreview messages(last: 1) { edges { node { text } } } } } }'
const slim =
  'subscription ($after: EventCursor) { conversationStatusChanged(after: $after) { cursor conversation { id } } }'

/** Changes a conversation's status so many times, past the doors, as another process would. */
async function turn(
  { id, agentId }: Workspace,
  conversationIds: string[],
  times: number,
  onEach = () => {},
): Promise<void> {
  const actor: Actor = { workspaceId: id, id: agentId, keyId: 'key_none', scopes: ['write'] }
  const operation = { actor, db: gateway.db, committed: gateway.app.committed }
  for (let index = 0; index < times; index++) {
    const conversationId = conversationIds[index % conversationIds.length] ?? ''
    const status = Math.floor(index / conversationIds.length) % 2 === 0 ? 'CLOSED' : 'OPEN'
    await setConversationStatus(operation, { conversationId, status })
    onEach()
  }
}

const gauge = async (kind: string) => {
  const text = await (await fetch(`${gateway.url}/metrics`)).text()
  return Number(new RegExp(`gateway_open{kind="${kind}"} (\\d+)`).exec(text)?.[1])
}

const settled = async () => {
  globalThis.gc?.()
  await new Promise(resolve => setImmediate(resolve))
  globalThis.gc?.()
  return process.memoryUsage()
}

/** Subscribes with a bare socket that counts what it is told, and can stop reading. */
function listener(
  { key, socketUrl }: Client,
  text: string,
  onEvent: (head: string) => void,
): Promise<Socket> {
  return new Promise(resolve => {
    const stream: Socket = openFrames(
      socketUrl,
      socket => {
        socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }))
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: text } }))
      },
      head => {
        if (head.includes('connection_ack')) resolve(stream)
        else if (head.includes('"next"')) onEvent(head)
      },
    )
  })
}

const p99 = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN

describe('50 sockets that stop reading while 10,000 events of 10 kB pass', () => {
  test('cost the others nothing, and the process little', async () => {
    const workspace = await newWorkspace(gateway)
    const { client: caller } = workspace
    const big = await newConversation(caller, 'big@example.com', 'x'.repeat(10_000))
    const measure = async (events: number) => {
      const sent: number[] = []
      const delays: number[] = []
      const readers = await Promise.all(
        Array.from({ length: 10 }, () => {
          let heard = 0
          return listener(caller, query, () => delays.push(performance.now() - (sent[heard++] ?? 0)))
        }),
      )
      await expect.poll(() => gauge('subscribers'), { timeout: 10_000 }).toBeGreaterThanOrEqual(10)
      await turn(workspace, [big.id], events, () => sent.push(performance.now()))
      await expect.poll(() => delays.length, { timeout: 120_000 }).toBe(events * readers.length)
      for (const reader of readers) reader.destroy()
      return p99(delays)
    }
    const alone = await measure(2_000)
    const stalled = await Promise.all(
      Array.from({ length: 50 }, () => {
        const count = { heard: 0 }
        return listener(caller, query, () => count.heard++).then(stream => ({ stream, count }))
      }),
    )
    await expect.poll(() => gauge('subscribers'), { timeout: 10_000 }).toBe(50)
    for (const { stream } of stalled) stream.pause()
    const before = await settled()
    const beside = await measure(10_000)
    const growth = (await settled()).rss - before.rss
    console.log(
      `p99 alone ${alone.toFixed(1)} ms, beside 50 stalled sockets ${beside.toFixed(1)} ms; RSS +${(growth / 2 ** 20).toFixed(0)} MiB`,
    )
    expect(growth).toBeLessThan(64 * 2 ** 20)
    expect(beside).toBeLessThan(Math.max(2 * alone, 20))
    for (const { stream } of stalled) stream.destroy()
    await expect.poll(() => gauge('subscribers'), { timeout: 10_000 }).toBe(0)
  })

  test('a stalled socket that reads again within 30 seconds has every event, and one that does not is told to come back', async () => {
    const workspace = await newWorkspace(gateway)
    const { client: caller } = workspace
    const { id } = await newConversation(caller, 'big@example.com', 'x'.repeat(10_000))
    let heard = 0
    let closedWith = 0
    const soon = await listener(caller, query, () => heard++)
    const late = await listener(caller, query, () => {})
    await expect.poll(() => gauge('subscribers'), { timeout: 10_000 }).toBe(2)
    for (const stream of [soon, late]) stream.pause()
    await turn(workspace, [id], 2_000)
    soon.resume()
    await expect.poll(() => heard, { timeout: 60_000 }).toBe(2_000)
    // Nothing leaves the other one for 30 seconds: the gateway closes it with 1013, which it reads when it reads again.
    await expect.poll(() => gauge('subscribers'), { timeout: 60_000, interval: 500 }).toBe(1)
    late.on('data', chunk => {
      const frame = (chunk as Buffer).lastIndexOf(Buffer.from([0x03, 0xf5]))
      if (frame >= 0) closedWith = 1013
    })
    late.resume()
    await expect.poll(() => closedWith, { timeout: 30_000 }).toBe(1013)
    for (const stream of [soon, late]) stream.destroy()
  })
})

test('20 workspaces, 200 subscribers, 20,000 events: nobody hears of another workspace', async () => {
  const workspaces = await Promise.all(Array.from({ length: 20 }, () => newWorkspace(gateway)))
  const conversations = await Promise.all(
    workspaces.map(({ client: caller }) => Promise.all([newConversation(caller), newConversation(caller)])),
  )
  const heard = workspaces.flatMap((workspace, index) =>
    Array.from({ length: 10 }, () => ({
      workspace,
      events: overSocket<Told & { conversation: { id: string } }>(socketClient(workspace.client), slim, {
        after: conversations[index]?.map(({ cursor }) => cursor).sort()[1],
      }),
      own: new Set(conversations[index]?.map(({ id }) => id)),
    })),
  )
  await expect.poll(() => gauge('subscribers'), { timeout: 30_000 }).toBe(200)
  await Promise.all(
    workspaces.map((workspace, index) =>
      turn(workspace, conversations[index]?.map(({ id }) => id) ?? [], 1_000),
    ),
  )
  for (const { workspace, events, own } of heard) {
    await expect.poll(() => events.events.length, { timeout: 60_000 }).toBe(1_000)
    const foreign = events.events.filter(
      ({ cursor, conversation }) => seqOf(workspace.id, cursor) === null || !own.has(conversation.id),
    )
    expect(foreign).toEqual([])
    const cursors = events.events.map(({ cursor }) => cursor)
    expect(cursors).toEqual([...new Set(cursors)].sort())
    events.stop()
  }
  await expect.poll(() => gauge('subscribers'), { timeout: 30_000 }).toBe(0)
})

test('2,000 clients that connect, subscribe and vanish, five times, leave nothing behind', async () => {
  const { client: caller } = await newWorkspace(gateway)
  await newConversation(caller)
  const timers = () => process.getActiveResourcesInfo().filter(resource => resource === 'Timeout').length
  const round = async () => {
    const streams: Socket[] = []
    for (let from = 0; from < 2_000; from += 200)
      streams.push(
        ...(await Promise.all(Array.from({ length: 200 }, () => listener(caller, slim, () => {})))),
      )
    await expect.poll(() => gauge('subscribers'), { timeout: 30_000 }).toBe(2_000)
    for (const stream of streams) stream.destroy()
    await expect.poll(() => gauge('sockets'), { timeout: 30_000 }).toBe(0)
    await expect.poll(() => gauge('subscribers'), { timeout: 30_000 }).toBe(0)
    await expect.poll(() => gauge('feeds'), { timeout: 30_000 }).toBe(0)
  }
  await round()
  const before = { heap: (await settled()).heapUsed, timers: timers() }
  for (let again = 0; again < 5; again++) await round()
  const after = { heap: (await settled()).heapUsed, timers: timers() }
  console.log(
    `heap ${(before.heap / 2 ** 20).toFixed(1)} → ${(after.heap / 2 ** 20).toFixed(1)} MiB, timers ${before.timers} → ${after.timers}`,
  )
  expect(after.heap).toBeLessThan(before.heap * 1.2)
  expect(after.timers).toBeLessThanOrEqual(before.timers + 2)
})

test('one unrelated transaction held open for 30 seconds delays nothing', async () => {
  const workspace = await newWorkspace(gateway)
  const { client: caller } = workspace
  const { id } = await newConversation(caller)
  const operator = new pg.Client(await databaseUrl())
  await operator.connect()
  await operator.query('begin')
  await operator.query('create temporary table held (id int)')
  await operator.query('select txid_current()')
  const heard = overSocket<Told>(socketClient(caller), slim)
  await expect.poll(() => gauge('subscribers'), { timeout: 10_000 }).toBe(1)
  const delays: number[] = []
  const begun = performance.now()
  for (let index = 1; performance.now() - begun < 30_000; index++) {
    const sent = performance.now()
    await turn(workspace, [id], 1)
    await gateway.db.updateTable('conversation').set({ status: 'OPEN' }).where('id', '=', id).execute()
    await heard.until(index)
    delays.push(performance.now() - sent)
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  await operator.query('rollback')
  await operator.end()
  heard.stop()
  console.log(`${delays.length} events, each delivered within ${Math.max(...delays).toFixed(0)} ms`)
  expect(Math.max(...delays)).toBeLessThan(1_000)
})

async function databaseUrl(): Promise<string> {
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(gateway.db)
  return inject('postgres').replace('/postgres?', `/${rows[0]?.name}?`)
}
