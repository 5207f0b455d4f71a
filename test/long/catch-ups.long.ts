import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openFrames } from '../../bench/frames.ts'
import type { OpenDatabase } from '../../src/db/open-database.ts'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { insertRecords } from '../../src/demo/insert-records.ts'
import { logBounds, toCursor } from '../../src/domain/event/cursor.ts'
import { changeStatus } from '../support/conversations.ts'
import { newPostgresDatabase } from '../support/databases.ts'
import { newClient, newConversation, newWorkspace } from '../support/gateway.ts'
import { closeClients, overSocket, socketClient } from '../support/live.ts'
import { openNow } from '../support/metrics.ts'
import { type Running, startProcess } from '../support/process.ts'
import { startProgram } from '../support/program.ts'

// A key that catches up as often as it may, on a gateway that is a process of its own.

const sockets = 60
const subscriptionsPerSocket = 100
const conversations = 1_000
const messagesPerConversation = 10
const seconds = 40
/** What the gateway may hold. Before catch-ups took turns, the same load held more than a gigabyte. */
const heapMib = 256

let gateway: Running
let database: OpenDatabase

const directory = mkdtempSync(join(tmpdir(), 'gateway-catch-ups-'))

beforeAll(async () => {
  const DATABASE_URL = await newPostgresDatabase()
  database = openPostgres(DATABASE_URL)
  gateway = await startProcess(startProgram, {
    DATABASE_URL,
    DATA_DIR: directory,
    NODE_OPTIONS: `--max-old-space-size=${heapMib}`,
  })
})
afterAll(async () => {
  await gateway.end('SIGKILL')
  rmSync(directory, { recursive: true })
  await database.close()
})

async function memoryMb(): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text()
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]) / 1e6
}

/** Fills a log with 11,000 events. */
const fill = (workspaceId: string) =>
  database.db.transaction().execute(writer =>
    insertRecords(writer, workspaceId, {
      agents: [],
      channels: [],
      contacts: [{ id: 'ctc_behind', name: 'Jane', email: 'behind@example.com' }],
      stories: Array.from({ length: conversations }, (_, index) => ({
        conversation: {
          id: `thd_behind${index}`,
          contact_id: 'ctc_behind',
          channel_id: null,
          assigned_to_id: null,
          status: 'OPEN' as const,
          source: 'EMAIL' as const,
          subject: `Question ${index}`,
          is_unread: false,
        },
        messages: Array.from({ length: messagesPerConversation }, (_, each) => ({
          id: `msg_behind${index}x${each}`,
          direction: 'INBOUND' as const,
          text: 'How do I change my address? '.repeat(10),
          author_id: 'ctc_behind',
          at: new Date(Date.UTC(2025, 0, 1) + (index * messagesPerConversation + each) * 1_000),
        })),
      })),
    }),
  )

const query = `subscription ($after: EventCursor) { conversationEvents(after: $after) {
  cursor conversation { subject contact { name } } ... on MessageAdded { message { text author { name } } } } }`

/** Opens a socket with as many subscriptions as it may have, each from a cursor of its own on. */
function catchingUp(key: string, cursors: string[], onFrame: (head: string) => void): Socket {
  let send = (_text: string) => {}
  const subscribe = (after: string, index: number) =>
    send(JSON.stringify({ id: String(index), type: 'subscribe', payload: { query, variables: { after } } }))
  return openFrames(
    `${gateway.url.replace('http', 'ws')}/graphql`,
    socket => {
      send = socket.send
      send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }))
    },
    head => (head.includes('connection_ack') ? cursors.forEach(subscribe) : onFrame(head)),
  )
}

const quantile = (values: number[], share: number) =>
  Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN)

test(`${sockets * subscriptionsPerSocket} catch-ups of one key fit in a heap of ${heapMib} MiB, and others hear each event at once`, async () => {
  const crowded = await newWorkspace({ url: gateway.url, db: database.db })
  const quiet = await newWorkspace({ url: gateway.url, db: database.db })
  await fill(crowded.id)
  const { head } = await logBounds(database.db, crowded.id)
  const { client: sibling } = await newClient({ url: gateway.url, db: database.db }, crowded.id)
  onTestFinished(closeClients)
  // It asks the same as those who catch up, so that it shares their broadcast.
  const heard = overSocket<{ cursor: string }>(socketClient(sibling), query)
  await expect.poll(async () => (await openNow(gateway)).subscribers).toBe(1)
  const { id } = await newConversation(sibling)
  await heard.until(2)
  const before = await memoryMb()
  let frames = 0
  const refused = new Set<string>()
  const onFrame = (frame: string) => {
    if (frame.includes('"next"')) frames++
    else if (!frame.includes('"ping"')) refused.add(frame)
  }
  for (let socket = 0; socket < sockets; socket++) {
    const cursors = Array.from({ length: subscriptionsPerSocket }, (_, index) =>
      toCursor({ workspaceId: crowded.id, seq: ((socket * subscriptionsPerSocket + index) % head) + 1 }),
    )
    const attacker = catchingUp(crowded.client.key, cursors, onFrame)
    onTestFinished(() => void attacker.destroy())
  }
  const delays: number[] = []
  const reads: number[] = []
  const statuses = new Set<number>()
  let mostMb = before
  const end = performance.now() + seconds * 1_000
  for (let round = 0; performance.now() < end; round++) {
    const count = heard.events.length
    const changedAt = performance.now()
    await changeStatus(sibling, id, round % 2 === 0 ? 'CLOSED' : 'OPEN')
    await heard.until(count + 1)
    delays.push(performance.now() - changedAt)
    const askedAt = performance.now()
    statuses.add((await quiet.client.graphql('{ workspace { name } }')).status)
    reads.push(performance.now() - askedAt)
    mostMb = Math.max(mostMb, await memoryMb())
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  console.log('catch-ups', {
    frames,
    refused: [...refused],
    before: Math.round(before),
    mostMb: Math.round(mostMb),
    delays: { count: delays.length, p50: quantile(delays, 0.5), p99: quantile(delays, 0.99) },
    reads: { p50: quantile(reads, 0.5), p99: quantile(reads, 0.99) },
  })
  expect(frames).toBeGreaterThan(10_000)
  expect([...refused]).toEqual([])
  expect([...statuses]).toEqual([200])
  expect(heard.errors).toEqual([])
  expect(mostMb - before).toBeLessThan(400)
  expect(quantile(delays, 0.99)).toBeLessThan(1_000)
})
