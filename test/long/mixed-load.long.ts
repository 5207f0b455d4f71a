import { readdirSync } from 'node:fs'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { newPostgresDatabase } from '../support/databases.ts'
import type { Client } from '../support/gateway.ts'
import { demoWorkspaceId, startKillable } from '../support/killable.ts'
import {
  closeClients,
  conversationEvents,
  type Heard,
  overEventStream,
  overSocket,
  socketClient,
} from '../support/live.ts'
import { pause } from '../support/resuming-clients.ts'
import { startTraffic } from '../support/traffic.ts'

/** `MINUTES=20` is what the table of faults tells of. */
const minutes = Number(process.env.MINUTES ?? 0.25)
/** In a short run few collections of the whole heap happen, and caches still fill. */
const heapAllowanceMb = minutes < 10 ? 60 : 10
/** A window has the least that was seen in it: what a collection of garbage has left. */
const windows = 10

const questions = [
  '{ conversations(first: 20) { edges { node { id subject contact { name email } assignedTo { name } messages(last: 3) { edges { node { preview } } } } } pageInfo { endCursor } } }',
  '{ conversations(first: 20, filter: { search: "invoice" }) { edges { node { id } } } }',
  '{ workspace { eventCursor conversationCounts { open unread } } }',
  '{ conversations(filter: { isUnread: true, status: [OPEN] }) { totalCount } }',
]

type Sample = { heapMb: number; rssMb: number; descriptors: number; connections: number }

/** Reads, searches, REST, and subscriptions that come and go, until it is stopped; what was not answered with 200. */
function startReaders(caller: Client) {
  const failed: unknown[] = []
  let count = 0
  let isOver = false
  const repeat = async (work: () => Promise<unknown>) => {
    while (!isOver) {
      await work().catch(error => failed.push(error))
      count++
      await pause(Math.random() * 100)
    }
  }
  const rest = `/v1/workspaces/${demoWorkspaceId}/support/inbox/conversations?limit=20`
  const ask = async (index: number) => {
    const { errors } = await caller.graphql(questions[index % questions.length] ?? '')
    if (errors) failed.push(errors)
  }
  const list = async () => {
    const { status } = await caller.rest('GET', rest)
    if (status !== 200) failed.push(status)
  }
  const listen = async (heard: Heard<unknown>, stop: () => unknown) => {
    await pause(Math.random() * 2_000)
    if (heard.errors.length > 0) failed.push(heard.errors)
    await stop()
  }
  const listenOverSocket = async () => {
    const socket = socketClient(caller)
    await listen(overSocket(socket, conversationEvents), () => socket.dispose())
  }
  const listenOverStream = async () => {
    const heard = overEventStream(caller, conversationEvents)
    await listen(heard, heard.stop)
  }
  const readers = [
    ...questions.map((_, index) => repeat(() => ask(index))),
    repeat(list),
    ...Array.from({ length: 3 }, () => [repeat(listenOverSocket), repeat(listenOverStream)]).flat(),
  ]
  const stop = async () => {
    isOver = true
    await Promise.all(readers)
  }
  onTestFinished(stop)
  return { failed, count: () => count, stop }
}

const least = (samples: readonly Sample[], of: keyof Sample) => Math.min(...samples.map(sample => sample[of]))

test(`${minutes} minutes of mixed load leave heap, descriptors and connections as they were`, {
  timeout: (minutes + 5) * 60_000,
}, async ({ annotate }) => {
  const DATABASE_URL = await newPostgresDatabase()
  const gateway = await startKillable('postgres', { DATABASE_URL })
  onTestFinished(closeClients)
  const { client: caller } = gateway
  const { pid = 0 } = gateway.running().child
  const operator = new pg.Client(DATABASE_URL)
  await operator.connect()
  onTestFinished(() => operator.end())

  async function sample(): Promise<Sample> {
    const text = await (await fetch(`${caller.url}/metrics`)).text()
    const metric = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]) / 2 ** 20
    const { rows } = await operator.query(
      'select count(*)::int as connections from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )
    return {
      heapMb: metric('nodejs_heap_size_used_bytes'),
      rssMb: metric('process_resident_memory_bytes'),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      connections: rows[0].connections,
    }
  }

  const traffic = await startTraffic(caller, { workspaceId: demoWorkspaceId, agentId: 'agt_abc123' })
  const readers = startReaders(caller)
  // What it allocates once, and what is compiled, is there before the first window.
  await traffic.flows(300)
  const seen: Sample[][] = []
  for (let window = 0; window < windows; window++) {
    const samples: Sample[] = []
    for (const end = performance.now() + (minutes * 60_000) / windows; performance.now() < end; ) {
      samples.push(await sample())
      await pause(250)
    }
    seen.push(samples)
  }
  await readers.stop()
  await closeClients()
  await traffic.settle()
  traffic.expectAnswered({ cut: false })
  expect(traffic.refused()).toBe(0)
  expect(readers.failed).toEqual([])

  const third = Math.floor(windows / 3)
  const [first, last] = [seen.slice(0, third).flat(), seen.slice(-third).flat()]
  const line = (of: keyof Sample) => `${of} ${seen.map(samples => Math.round(least(samples, of))).join(' ')}`
  await annotate(
    `${readers.count()} reads and subscriptions, ${traffic.answers.length} changes; the least of each window: ${(['heapMb', 'rssMb', 'descriptors', 'connections'] as const).map(line).join('; ')}`,
  )
  expect(least(last, 'heapMb')).toBeLessThan(least(first, 'heapMb') * 1.1 + heapAllowanceMb)
  // The engine takes what it wants of the machine's memory in the first minutes.
  const middle = seen.slice(third, -third).flat()
  expect(least(last, 'rssMb')).toBeLessThan(least(middle, 'rssMb') * 1.1 + heapAllowanceMb)
  const most = (samples: Sample[], of: keyof Sample) => Math.max(...samples.map(each => each[of]))
  expect(most(last, 'descriptors')).toBeLessThan(most(first, 'descriptors') * 1.25 + 10)
  expect(most(last, 'connections')).toBeLessThanOrEqual(most(first, 'connections') + 2)
  expect(await gateway.end('SIGTERM')).toBe(0)
  await traffic.expectNothingLost(await gateway.openDatabase())
})
