import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { seqOf } from '../../src/domain/event/cursor.ts'
import { eventsPerEpoch } from '../../src/domain/event/epoch.ts'
import { operate } from '../support/databases.ts'
import { expectExactHistories, filterOf } from '../support/exact-histories.ts'
import { freePort } from '../support/free-port.ts'
import { newConversation, newWorkspace } from '../support/gateway.ts'
import {
  codeAtEnd,
  conversationEvents,
  type LiveEvent,
  overEventStream,
  overSocket,
  socketClient,
} from '../support/live.ts'
import { startNginx } from '../support/nginx.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { startPostgres } from '../support/postgres.ts'
import { type Running, startProcess } from '../support/process.ts'
import { test } from '../support/program.ts'
import { byHand, eventStream, pause, stockRetry } from '../support/resuming-clients.ts'
import { startSilentProxy } from '../support/silent-proxy.ts'
import { startWriters } from '../support/writers.ts'

/** How long each fault may keep the service away. */
const backWithinMs = 15_000

test('two gateways, a pooler, a database and its replica lose nothing when each of them fails', async ({
  start,
  annotate,
}) => {
  const primary = await startPostgres()
  onTestFinished(primary.stop)
  const database = openPostgres(primary.url('postgres'), { statementTimeoutMs: 60_000 })
  onTestFinished(database.close)
  await migrate(database.db)
  const replica = await primary.startReplica()
  onTestFinished(replica.stop)
  // The network between the pooler and the database, and the address that moves to whoever is the primary.
  const network = await startSilentProxy(primary.url('postgres'))
  onTestFinished(network.close)
  const toReplica = await startSilentProxy(replica.url('postgres'))
  onTestFinished(toReplica.close)
  const pooler = await startPgBouncer(network.url)
  onTestFinished(pooler.stop)
  const replicaPooler = await startPgBouncer(toReplica.url)
  onTestFinished(replicaPooler.stop)
  const directory = mkdtempSync(join(tmpdir(), 'gateway-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const ports = [await freePort(), await freePort()] as const
  const environment = {
    DATABASE_URL: pooler.through(network.url),
    DATABASE_DIRECT_URL: network.url,
    DATABASE_REPLICA_URLS: replicaPooler.through(toReplica.url),
    DATA_DIR: directory,
    LOG_LEVEL: 'fatal',
    MAX_COST_PER_MINUTE: '100000000',
  }
  const open = (port: number) => startProcess(start, { ...environment, PORT: String(port) })
  const gateways: [Running, Running] = [await open(ports[0]), await open(ports[1])]
  onTestFinished(async () => void (await Promise.all(gateways.map(gateway => gateway.end('SIGKILL')))))
  const nginx = await startNginx(ports)
  onTestFinished(nginx.stop)

  const workspace = await newWorkspace({ url: nginx.url, db: database.db })
  const { client: caller, agentId } = workspace
  const conversations = await Promise.all(
    Array.from({ length: 12 }, (_, index) => newConversation(caller, `c${index % 4}@example.com`)),
  )
  const from =
    conversations
      .map(({ cursor }) => cursor)
      .sort()
      .at(-1) ?? ''
  const kinds = [stockRetry, byHand, eventStream]
  const subscribers = Array.from({ length: 20 }, (_, index) =>
    (kinds[index % kinds.length] ?? stockRetry)(
      [nginx.url],
      caller.key,
      from,
      filterOf(index, conversations),
    ),
  )
  const stopSubscribers = () => {
    for (const subscriber of subscribers) subscriber.stop()
  }
  onTestFinished(stopSubscribers)
  const writing = { url: nginx.url, key: caller.key, conversations, agentId }
  const writers = startWriters(8, writing)
  // Where nothing changes, its replica has everything.
  const { client: quiet } = await newWorkspace({ url: nginx.url, db: database.db })
  const awayMs: Record<string, number> = {}

  /** Queries once more, and returns how many queries a replica has answered, or was away for. */
  const reads = async (outcome: 'replica' | 'away') => {
    await quiet.graphql(list)
    const texts = await Promise.all(gateways.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()))
    const read = new RegExp(`^gateway_replica_reads_total\\{.*outcome="${outcome}".*\\} (\\d+)`, 'm')
    return texts.reduce((sum, text) => sum + Number(read.exec(text)?.[1] ?? 0), 0)
  }

  /** Does harm, and waits until a change and a query are answered again. */
  async function fault(name: string, harm: () => Promise<unknown> | unknown): Promise<void> {
    await pause(1_000)
    const begun = performance.now()
    await harm()
    for (const [document, data] of [
      [work, { addNote: { cursor: expect.any(String) } }],
      [list, { conversations: { edges: [{}] } }],
    ] as const)
      await expect
        .poll(() => caller.graphql(document, { id: conversations[0]?.id }).catch(() => null), {
          timeout: backWithinMs,
        })
        .toMatchObject({ status: 200, data })
    awayMs[name] = Math.round(performance.now() - begun)
  }

  await fault('a gateway killed', async () => {
    await gateways[0].end('SIGKILL')
    gateways[0] = await open(ports[0])
  })
  await fault('a gateway frozen for 6 s', async () => {
    gateways[1].child.kill('SIGSTOP')
    await pause(6_000)
    gateways[1].child.kill('SIGCONT')
  })
  await fault('the network silent', () => network.silence())
  await fault('the network cut', () => network.leadTo(primary.url('postgres')))
  await expect.poll(() => reads('replica')).toBeGreaterThan(0)
  await fault('the replica silent', () => toReplica.silence())
  await expect.poll(() => reads('away')).toBeGreaterThan(0)
  await fault('the connections of the database ended', async () => {
    await ask(
      primary.url('postgres'),
      `select pg_terminate_backend(pid) from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    )
  })
  await fault('the pooler frozen for 4 s', async () => {
    pooler.freeze()
    await pause(4_000)
    pooler.thaw()
  })
  await writers.stop()
  const head = await expectExactHistories(database.db, workspace.id, from, subscribers)
  const heard = new Set(subscribers[0]?.heard)
  expect([...writers.acknowledged()].filter(cursor => !heard.has(cursor))).toEqual([])
  stopSubscribers()
  const others = writers.answers.filter(
    ({ status, retryAfter }) => ![0, 200, 502, 504].includes(status) && !(status === 503 && retryAfter),
  )
  expect(others.slice(0, 3), `${others.length} of ${writers.answers.length}`).toEqual([])
  expect(writers.answers.filter(({ status }) => status === 200).length).toBeGreaterThan(
    writers.answers.length * 0.8,
  )

  // The replica takes over, and has everything. The log has a new epoch, and everybody is told.
  const sockets = [socketClient(caller), socketClient(caller)]
  const live = Array.from({ length: 20 }, (_, index) => {
    const socket = sockets[index % 4]
    return socket
      ? overSocket<LiveEvent>(socket, conversationEvents)
      : overEventStream<LiveEvent>(caller, conversationEvents)
  })
  await expect
    .poll(async () => {
      await caller.graphql(work, { id: conversations[0]?.id })
      return live.filter(({ events }) => events.length > 0)
    })
    .toHaveLength(live.length)
  let lateWriters: ReturnType<typeof startWriters> | undefined
  await fault('the replica promoted', async () => {
    const { seq } = await ask(primary.url('postgres'), newest)
    await expect.poll(async () => (await ask(replica.url('postgres'), newest)).seq).toBe(seq)
    lateWriters = startWriters(8, writing)
    await primary.stop()
    await ask(replica.url('postgres'), 'select pg_promote()')
    network.leadTo(replica.url('postgres'))
  })
  const acknowledgedSince = () =>
    [...(lateWriters?.acknowledged() ?? [])]
      .map(cursor => seqOf(workspace.id, cursor) ?? 0)
      .filter(seq => seq > eventsPerEpoch)
  await expect.poll(() => acknowledgedSince().length).toBeGreaterThan(10)
  await lateWriters?.stop()
  for (const code of await Promise.all(live.map(codeAtEnd)))
    expect(['CURSOR_EXPIRED', 'BAD_CURSOR']).toContain(code)
  const promoted = openPostgres(replica.url('postgres'))
  onTestFinished(promoted.close)
  const { kept } = await promoted.db
    .selectFrom('event')
    .select(eb => eb.fn.countAll<number>().as('kept'))
    .where('workspace_id', '=', workspace.id)
    .where('seq', '<=', head)
    .executeTakeFirstOrThrow()
  expect(kept).toBe(head)
  // What was acknowledged since the promotion is there, in the new epoch.
  const there = await promoted.db
    .selectFrom('event')
    .select('seq')
    .where('workspace_id', '=', workspace.id)
    .where('seq', '>', eventsPerEpoch)
    .execute()
  expect(acknowledgedSince().filter(seq => !there.some(event => event.seq === seq))).toEqual([])
  await annotate(
    `${writers.answers.length} answers, ${head} events; back after ms: ${JSON.stringify(awayMs)}; by status: ${JSON.stringify(
      Object.groupBy(
        writers.answers.map(({ status }) => status),
        String,
      ),
      (_, value) => (Array.isArray(value) ? value.length : value),
    )}`,
  )
})

const list = '{ conversations(first: 1) { edges { node { id } } } }'

const newest = 'select max(event_seq) as seq from workspace'

/** The first row that a statement of an operator returns. */
const ask = async (url: string, statement: string): Promise<{ seq?: string }> =>
  (await operate(url, statement))[0]

const work = `mutation ($id: ID!) { addNote(input: { conversationId: $id, contentText: "Noted" }) { cursor } }`
