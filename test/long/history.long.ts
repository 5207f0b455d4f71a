import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { logBounds } from '../../src/domain/event/cursor.ts'
import { newPostgresDatabase } from '../support/databases.ts'
import { expectExactHistories, filterOf } from '../support/exact-histories.ts'
import { freePort } from '../support/free-port.ts'
import { client, newConversation, newWorkspace } from '../support/gateway.ts'
import { type Running, startProcess } from '../support/process.ts'
import { startProgram } from '../support/program.ts'
import { byHand, eventStream, pause, pick, type Subscriber, stockRetry } from '../support/resuming-clients.ts'

// Two gateways on one Postgres, writers, and subscribers who must each hear the log of the database: while sockets are
// cut, gateways are killed in turn, and database connections die, the listening ones too.

const seconds = Number(process.env.HISTORY_SECONDS ?? 60)
const url = await newPostgresDatabase()
const database = openPostgres(url)
const ports = await Promise.all([freePort(), freePort()])
const directory = mkdtempSync(join(tmpdir(), 'gateway-history-'))
const gateways: (Running | null)[] = [null, null]
let chaos = true

beforeAll(async () => {
  await Promise.all(ports.map((_, index) => start(index)))
})
afterAll(async () => {
  await Promise.all(gateways.map(gateway => gateway?.end('SIGKILL')))
  await database.close()
  rmSync(directory, { recursive: true })
})

/** A gateway that the faults end at its start is started again, as a service manager does. */
const start = async (index: number): Promise<void> => {
  const environment = { DATABASE_URL: url, DATA_DIR: directory, PORT: String(ports[index]) }
  for (let attempt = 1; ; attempt++) {
    try {
      gateways[index] = await startProcess(startProgram, environment)
      return
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
}
const urlOf = (index: number) => `http://127.0.0.1:${ports[index]}`

test(`40 subscribers hear exactly the log through ${seconds} seconds of faults`, async () => {
  const workspace = await newWorkspace({ url: urlOf(0), db: database.db })
  const { key } = workspace.client
  const conversations = await Promise.all(
    Array.from({ length: 12 }, (_, index) => newConversation(workspace.client, `c${index % 4}@example.com`)),
  )
  const from =
    conversations
      .map(({ cursor }) => cursor)
      .sort()
      .at(-1) ?? ''
  const kinds = [stockRetry, stockRetry, byHand, eventStream]
  const subscribers = Array.from({ length: 40 }, (_, index) =>
    (kinds[index % kinds.length] ?? stockRetry)(
      ports.map((_, gateway) => urlOf(gateway)),
      key,
      from,
      filterOf(index, conversations),
    ),
  )

  const writers = Array.from({ length: 8 }, () => write(key, conversations, workspace.agentId))
  const faults = [killGateways(), killBackends(), cutSockets(subscribers)]
  await pause(seconds * 1_000)
  // A slow machine takes longer to write as much. Statements of this test are ended too: the poll asks again.
  const head = async () => (await logBounds(database.db, workspace.id)).head
  await expect
    .poll(head, { timeout: 300_000, interval: 1_000 })
    .toBeGreaterThan(seconds * 10)
    .finally(() => {
      chaos = false
    })
  await Promise.all([...writers, ...faults])

  const events = await expectExactHistories(database.db, workspace.id, from, subscribers)
  console.log(
    `${events} events, ${subscribers.reduce((sum, { heard }) => sum + heard.length, 0)} deliveries, all in order and once`,
  )
  for (const subscriber of subscribers) subscriber.stop()
})

/** Changes conversations through either gateway; that some requests fail is the purpose of the faults. */
async function write(key: string, conversations: { id: string }[], agentId: string): Promise<void> {
  const mutation = `mutation ($id: ID!, $status: ConversationStatus!, $agent: ID) {
    setConversationStatus(input: { conversationId: $id, status: $status }) { cursor }
    assignConversation(input: { conversationId: $id, agentId: $agent }) { cursor }
  }`
  while (chaos) {
    const caller = client(urlOf(pick([0, 1])), key)
    const change =
      Math.random() < 0.05
        ? newConversation(caller, `c${pick([0, 1, 2, 3])}@example.com`)
        : caller.graphql(mutation, {
            id: pick(conversations).id,
            status: pick(['OPEN', 'CLOSED', 'ARCHIVED']),
            agent: pick([agentId, null]),
          })
    await change.catch(() => pause(20))
    await pause(Math.random() * 60)
  }
}

async function killGateways(): Promise<void> {
  for (let turn = 0; chaos; turn++) {
    await pause(6_000)
    const index = turn % gateways.length
    await gateways[index]?.end('SIGKILL')
    await start(index)
  }
}

async function killBackends(): Promise<void> {
  const operator = new pg.Client(url)
  await operator.connect()
  while (chaos) {
    await pause(2_000)
    await operator.query(`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and (random() < 0.3 or query ilike 'listen%' or query like '%pg_notify%')`)
  }
  await operator.end()
}

async function cutSockets(subscribers: Subscriber[]): Promise<void> {
  while (chaos) {
    await pause(100)
    pick(subscribers).cut()
  }
}
