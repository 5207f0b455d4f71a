import type { Socket } from 'node:net'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type FrameSocket, openFrames } from '../../bench/frames.ts'
import { setConversationStatus } from '../../src/domain/conversation/set-status.ts'
import { seqOf } from '../../src/domain/event/cursor.ts'
import type { Actor } from '../../src/domain/operation.ts'
import { type Client, type Gateway, newConversation, newWorkspace, startGateway } from '../support/gateway.ts'
import { overSocket, socketClient } from '../support/live.ts'
import { subscribed } from '../support/live-fixtures.ts'
import { openNow } from '../support/metrics.ts'

// Many clients, of which many are slow, gone or foreign.

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ limits: { maxSocketsPerKey: 100_000, maxSocketsPerAddress: 100_000 } })
})
afterAll(() => gateway.close())

type Workspace = Awaited<ReturnType<typeof newWorkspace>>
type LiveEvent = { cursor: string }

const slim =
  'subscription ($after: EventCursor) { conversationStatusChanged(after: $after) { cursor conversation { id } } }'

/** Changes the status of conversations without a request, as another process would. */
async function turn(
  { id, agentId }: Workspace,
  conversationIds: string[],
  times: number,
  onEach = () => {},
): Promise<void> {
  const actor: Actor = { workspaceId: id, id: agentId, keyId: 'key_none', scopes: ['write'] }
  const operation = { actor, db: gateway.db, announce: gateway.app.announce }
  for (let index = 0; index < times; index++) {
    const conversationId = conversationIds[index % conversationIds.length] ?? ''
    const status = Math.floor(index / conversationIds.length) % 2 === 0 ? 'CLOSED' : 'OPEN'
    await setConversationStatus(operation, { conversationId, status })
    onEach()
  }
}

const settled = async () => {
  globalThis.gc?.()
  await new Promise(resolve => setImmediate(resolve))
  globalThis.gc?.()
  return process.memoryUsage()
}

/** Subscribes with a bare socket that hands on its events, and can stop reading. */
function listener(
  { key, socketUrl }: Client,
  text: string,
  onEvent: (head: string) => void,
): Promise<Socket> {
  return new Promise(resolve => {
    let opened: FrameSocket
    const onOpen = (socket: FrameSocket) => {
      opened = socket
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }))
    }
    const stream: Socket = openFrames(socketUrl, onOpen, head => {
      if (head.includes('"next"')) return onEvent(head)
      if (!head.includes('connection_ack')) return
      opened.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: text } }))
      resolve(stream)
    })
  })
}

test('20 workspaces, 200 subscribers, 20,000 events: no subscriber hears of another workspace', async () => {
  const workspaces = await Promise.all(Array.from({ length: 20 }, () => newWorkspace(gateway)))
  const conversations = await Promise.all(
    workspaces.map(({ client: caller }) => Promise.all([newConversation(caller), newConversation(caller)])),
  )
  const heard = workspaces.flatMap((workspace, index) =>
    Array.from({ length: 10 }, () => {
      const socket = socketClient(workspace.client)
      const after = conversations[index]?.map(({ cursor }) => cursor).sort()[1]
      const events = overSocket<LiveEvent & { conversation: { id: string } }>(socket, slim, { after })
      return { workspace, socket, events, own: new Set(conversations[index]?.map(({ id }) => id)) }
    }),
  )
  await subscribed(gateway, 200)
  await Promise.all(
    workspaces.map((workspace, index) =>
      turn(workspace, conversations[index]?.map(({ id }) => id) ?? [], 1_000),
    ),
  )
  for (const { workspace, socket, events, own } of heard) {
    await expect.poll(() => events.events.length).toBe(1_000)
    const foreign = events.events.filter(
      ({ cursor, conversation }) => seqOf(workspace.id, cursor) === null || !own.has(conversation.id),
    )
    expect(foreign).toEqual([])
    const cursors = events.events.map(({ cursor }) => cursor)
    expect(cursors).toEqual([...new Set(cursors)].sort())
    events.stop()
    await socket.dispose()
  }
  await subscribed(gateway, 0)
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
    await subscribed(gateway, 2_000)
    for (const stream of streams) stream.destroy()
    await expect.poll(() => openNow(gateway)).toEqual({ sockets: 0, subscribers: 0, feeds: 0 })
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
  const heard = overSocket<LiveEvent>(socketClient(caller), slim)
  await subscribed(gateway, 1)
  const delays: number[] = []
  const begun = performance.now()
  for (let pairs = 1; performance.now() - begun < 30_000; pairs++) {
    const sent = performance.now()
    await turn(workspace, [id], 2)
    await heard.until(2 * pairs)
    delays.push(performance.now() - sent)
  }
  await operator.query('rollback')
  await operator.end()
  heard.stop()
  console.log(`${2 * delays.length} events, each pair delivered within ${Math.max(...delays).toFixed(0)} ms`)
  expect(Math.max(...delays)).toBeLessThan(1_000)
})

async function databaseUrl(): Promise<string> {
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(gateway.db)
  return inject('postgres').replace('/postgres?', `/${rows[0]?.name}?`)
}
