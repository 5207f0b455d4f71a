import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FrameSocket, openFrames } from '../../bench/frames.ts'
import { type OpenDatabase, openPostgres } from '../../src/db/open.ts'
import { setConversationStatus } from '../../src/domain/conversation/set-status.ts'
import type { Actor } from '../../src/domain/operation.ts'
import { type Hints, postgresHints } from '../../src/live/hints.ts'
import { newPostgresDatabase } from '../support/databases.ts'
import { newConversation, newWorkspace } from '../support/gateway.ts'
import { type Running, startProcess } from '../support/process.ts'
import { startProgram } from '../support/program.ts'

// Sockets that stop reading, on a gateway that is a process of its own, so that its memory is its own too.

let gateway: Running
let database: OpenDatabase
let hints: Hints

const directory = mkdtempSync(join(tmpdir(), 'gateway-stalled-'))

beforeAll(async () => {
  const DATABASE_URL = await newPostgresDatabase()
  database = openPostgres(DATABASE_URL)
  hints = postgresHints(DATABASE_URL, { probe: database.probe, onHint() {}, onDeaf() {}, onError() {} })
  gateway = await startProcess(startProgram, {
    DATABASE_URL,
    DATA_DIR: directory,
  })
})
afterAll(async () => {
  await gateway.end('SIGKILL')
  rmSync(directory, { recursive: true })
  await hints.close()
  await database.close()
})

const query = `subscription { conversationStatusChanged {
  cursor conversation { id messages(last: 1) { edges { node { text } } } } } }`

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text()
  const line = text.split('\n').find(each => each.startsWith(`${name} `))
  return Number(line?.split(' ')[1])
}
const subscribers = () => metric('gateway_open{kind="subscribers"}')
const memory = () => metric('process_resident_memory_bytes')

/** Subscribes with a bare socket that counts its events, and can stop reading. */
function listener(key: string, onEvent: () => void, onClose = (_frame: string) => {}): Promise<Socket> {
  return new Promise(resolve => {
    let opened: FrameSocket
    const onOpen = (socket: FrameSocket) => {
      opened = socket
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }))
    }
    const stream: Socket = openFrames(`${gateway.url.replace('http', 'ws')}/graphql`, onOpen, head => {
      if (head.includes('"next"')) return onEvent()
      if (head.includes('Try again later')) return onClose(head)
      if (!head.includes('connection_ack')) return
      opened.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
      resolve(stream)
    })
  })
}

/** A workspace with one conversation whose events are 10 kB, and a way to change it any number of times. */
async function prepare() {
  const workspace = await newWorkspace({ url: gateway.url, db: database.db })
  const { id: conversationId } = await newConversation(
    workspace.client,
    'big@example.com',
    'x'.repeat(10_000),
  )
  const actor: Actor = {
    workspaceId: workspace.id,
    id: workspace.agentId,
    keyId: 'key_none',
    scopes: ['write'],
  }
  const announce = (id: string, watched: boolean) => watched && hints.publish(id)
  /** At 200 a second: at a rate that the readers keep up with, what they wait is the gateway's doing. */
  const turn = async (times: number, onEach = () => {}) => {
    const begun = performance.now()
    for (let index = 0; index < times; index++) {
      await pause(begun + index * 5 - performance.now())
      const status = index % 2 === 0 ? 'CLOSED' : 'OPEN'
      await setConversationStatus({ actor, db: database.db, announce }, { conversationId, status })
      onEach()
    }
  }
  return { key: workspace.client.key, turn }
}

const pause = (milliseconds: number) =>
  milliseconds > 0 ? new Promise(resolve => setTimeout(resolve, milliseconds)) : undefined

const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
const p99 = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN

/** How long 10 readers wait for each of a number of events: the p99, in milliseconds. */
async function delayOf({ key, turn }: Awaited<ReturnType<typeof prepare>>, events: number, others: number) {
  const sent: number[] = []
  const delays: number[] = []
  const readers = await Promise.all(
    Array.from({ length: 10 }, () => {
      let heard = 0
      return listener(key, () => delays.push(performance.now() - (sent[heard++] ?? 0)))
    }),
  )
  await expect.poll(subscribers).toBe(others + readers.length)
  await turn(events, () => sent.push(performance.now()))
  await expect.poll(() => delays.length).toBe(events * readers.length)
  for (const reader of readers) reader.destroy()
  await expect.poll(subscribers).toBe(others)
  return p99(delays)
}

/** What a load measures, and the most memory that the gateway had meanwhile, in bytes. */
async function peakOf(load: () => Promise<number>): Promise<{ delay: number; peak: number }> {
  let peak = await memory()
  const watching = setInterval(async () => {
    peak = Math.max(peak, await memory())
  }, 500)
  const delay = await load().finally(() => clearInterval(watching))
  return { delay, peak }
}

test('50 sockets that stop reading while 10,000 events of 10 kB pass cost the others nothing, and the process little', async () => {
  const workspace = await prepare()
  const turns: { alone: number; beside: number }[] = []
  let before = 0
  let growth = 0
  // In turns, so that other load on the machine is in both. A first turn warms the process up and is not counted.
  await delayOf(workspace, 1_000, 0)
  for (let index = 0; index < 10; index++) {
    const { delay: alone, peak: peakAlone } = await peakOf(() => delayOf(workspace, 1_000, 0))
    const stalled = await Promise.all(Array.from({ length: 50 }, () => listener(workspace.key, () => {})))
    await expect.poll(subscribers).toBe(50)
    for (const stream of stalled) stream.pause()
    const { delay: beside, peak } = await peakOf(() => delayOf(workspace, 1_000, 50))
    for (const stream of stalled) stream.destroy()
    await expect.poll(subscribers).toBe(0)
    // What the load alone takes at most is its own. Right after it a collection may have freed that.
    before = Math.max(before, peakAlone)
    growth = Math.max(growth, peak - before)
    turns.push({ alone, beside })
  }
  const alone = median(turns.map(turn => turn.alone))
  const beside = median(turns.map(turn => turn.beside))
  const ratio = median(turns.map(turn => turn.beside / turn.alone))
  console.log(
    `p99 ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} ms beside 50 stalled, ratio ${ratio.toFixed(2)}; RSS ${(before / 2 ** 20).toFixed(0)} MiB +${(growth / 2 ** 20).toFixed(0)} MiB at most`,
  )
  expect(growth / 2 ** 20).toBeLessThanOrEqual(64)
  expect(ratio).toBeLessThan(2)
})

test('a socket that reads again within 30 seconds has every event, and one that does not is closed with 1013', async () => {
  const { key, turn } = await prepare()
  let heard = 0
  let received = ''
  const soon = await listener(key, () => heard++)
  const late = await listener(
    key,
    () => {},
    head => {
      received = head
    },
  )
  await expect.poll(subscribers).toBe(2)
  for (const stream of [soon, late]) stream.pause()
  const stalledAt = performance.now()
  await turn(2_000)
  soon.resume()
  await expect.poll(() => heard).toBe(2_000)
  // The gateway closes it after 30 seconds in which nothing left, and the close frame waits for it for another 30.
  await pause(stalledAt + 40_000 - performance.now())
  late.resume()
  await expect.poll(() => received).toContain('Try again later')
  for (const stream of [soon, late]) stream.destroy()
})
