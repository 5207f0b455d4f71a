import { sql } from 'kysely'
import pg from 'pg'
import { describe, expect, inject } from 'vitest'
import type { Db } from '../../src/db/db.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { eventCursor } from '../support/conversations.ts'
import { migratedDatabaseOf, newPostgresDatabase, operate } from '../support/databases.ts'
import { type Client, type Gateway, newConversation, newWorkspace, startGateway } from '../support/gateway.ts'
import {
  closeClients,
  codeAtEnd,
  conversationEvents,
  type LiveEvent,
  overEventStream,
  overSocket,
  socketClient,
} from '../support/live.ts'
import { subscribed } from '../support/live-fixtures.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { command } from '../support/process.ts'
import { test } from '../support/program.ts'
import { startSilentProxy } from '../support/silent-proxy.ts'

const runs = Number(process.env.RUNS ?? 2)
const subscribers = 40

const note = `mutation ($id: ID!) {
  addNote(input: { conversationId: $id, contentText: "Noted" }) { cursor userErrors { code } }
}`

/** Adds notes one after the other, each until it is taken: a failover takes a while. */
async function addNotes(caller: Client, id: string, count: number): Promise<void> {
  for (let added = 0; added < count; ) {
    const { data } = await caller.graphql<{ addNote: { cursor: string } } | null>(note, { id })
    if (data) added++
  }
}

const seqOf = async (db: Db, workspaceId: string) =>
  (await sql<{ seq: number }>`select event_seq as seq from workspace where id = ${workspaceId}`.execute(db))
    .rows[0]?.seq

const told = ['CURSOR_EXPIRED', 'BAD_CURSOR']

type Loss = {
  gateway: Gateway
  /** How many events are kept, how many are lost, and how many come after that. */
  events: { kept: number; lost: number; after: number }
  /** From its end on what is written is lost. */
  part(kept: number | undefined, workspaceId: string): Promise<void>
  /** The database is as it was then. */
  goBack(): Promise<void>
}

/** Loses the end of a log under subscribers, some of whom come back with a cursor of a lost event. */
async function expectAllTold({ gateway, events, part, goBack }: Loss): Promise<void> {
  const { client: caller, id: workspaceId } = await newWorkspace(gateway)
  const { id } = await newConversation(caller)
  const sockets = [socketClient(caller), socketClient(caller)]
  const live = Array.from({ length: subscribers }, (_, index) => {
    const socket = sockets[index % 4]
    return socket
      ? overSocket<LiveEvent>(socket, conversationEvents)
      : overEventStream<LiveEvent>(caller, conversationEvents)
  })
  await subscribed(gateway, live.length)
  await addNotes(caller, id, events.kept)
  await part(await seqOf(gateway.db, workspaceId), workspaceId)
  await addNotes(caller, id, events.lost)
  await Promise.all(live.map(heard => heard.until(events.kept + events.lost)))
  const cursors = live.map(({ events: heard }, index) => heard.at(-1 - (index % events.lost))?.cursor ?? '')
  await goBack()
  await addNotes(caller, id, events.after)

  const ends = await Promise.all(live.map(codeAtEnd))
  const resumed = cursors.map((after, index) =>
    index % 2 === 0
      ? overSocket(socketClient(caller), conversationEvents, { after })
      : overEventStream(caller, conversationEvents, { after }),
  )
  const resumedEnds = await Promise.all(resumed.map(codeAtEnd))
  const silent = [...ends, ...resumedEnds].filter(code => !told.includes(String(code)))
  console.info(`${ends.length + resumedEnds.length} clients, ${silent.length} not told`)
  expect(silent).toEqual([])
  await closeClients()
}

const eachRun = Array.from({ length: runs }, (_, run) => run + 1)

describe('when the end of the log is lost, every subscriber, and everyone who resumes, is told so', () => {
  test.for(eachRun)('as a replica that lacks 50 commits takes over (run %i)', async () => {
    const primary = await startPostgres()
    const proxy = await startSilentProxy(primary.url('postgres'))
    const onPrimary = openPostgres(primary.url('postgres'))
    await migrate(onPrimary.db)
    const gateway = await startGateway({ database: log => openPostgres(proxy.url, { log }) })
    await expect
      .poll(async () => (await gateway.db.selectFrom('log_origin').selectAll().execute()).length)
      .toBe(1)
    const replica = await primary.startReplica()
    const onReplica = openPostgres(replica.url('postgres'))
    await expectAllTold({
      gateway,
      events: { kept: 20, lost: 50, after: 60 },
      async part(kept, workspaceId) {
        await expect.poll(() => seqOf(onReplica.db, workspaceId), { timeout: 30_000 }).toBe(kept)
        await sql`alter system set primary_conninfo = ''`.execute(onReplica.db)
        await sql`select pg_reload_conf()`.execute(onReplica.db)
        const receivers = sql<{ count: number }>`select count(*) from pg_stat_wal_receiver`
        await expect
          .poll(async () => (await receivers.execute(onReplica.db)).rows[0]?.count, { timeout: 30_000 })
          .toBe(0)
      },
      async goBack() {
        await onPrimary.close()
        await primary.stop()
        proxy.leadTo(replica.url('postgres'))
        await sql`select pg_promote()`.execute(onReplica.db)
      },
    })
    await gateway.close()
    await onReplica.close()
    await replica.stop()
    await proxy.close()
  })

  test.for(eachRun)('as a copy of the files from before takes its place (run %i)', async () => {
    const server = await startPostgres()
    const proxy = await startSilentProxy(server.url('postgres'))
    await migratedDatabaseOf(server)
    const gateway = await startGateway({ database: log => openPostgres(proxy.url, { log }) })
    let copy: PostgresServer | undefined
    await expectAllTold({
      gateway,
      events: { kept: 20, lost: 10, after: 14 },
      async part() {
        copy = await server.startCopy()
      },
      async goBack() {
        await server.stop()
        proxy.leadTo(copy?.url('postgres') ?? '')
      },
    })
    await gateway.close()
    await copy?.stop()
    await proxy.close()
  })

  test('as such a copy takes its place while nobody follows a log', async () => {
    const server = await startPostgres()
    const proxy = await startSilentProxy(server.url('postgres'))
    const url = await migratedDatabaseOf(server)
    const gateway = await startGateway({ database: log => openPostgres(proxy.url, { log }) })
    const { client: caller, id: workspaceId } = await newWorkspace(gateway)
    const { id } = await newConversation(caller)
    const copy = await server.startCopy()
    await addNotes(caller, id, 2)
    const after = await eventCursor(caller)
    // More than a crash can tear. The gateway looks at it before it is lost.
    const [row] = await operate(
      url,
      "select pg_logical_emit_message(true, 'test', repeat('.', 2000000)), statement_timestamp()::text as at",
    )
    const looks = `select pid from pg_stat_activity where query like '%pg_current_wal_flush_lsn%'
      and pid <> pg_backend_pid() and state = 'idle' and query_start > '${row?.at}'::timestamptz + interval '1 s'`
    await expect.poll(() => operate(url, looks)).toHaveLength(1)
    await server.stop()
    proxy.leadTo(copy.url('postgres'))
    const floors = `select event_floor::int8 > 0 as "isNew" from workspace where id = '${workspaceId}'`
    await expect.poll(() => operate(copy.url('postgres'), floors)).toEqual([{ isNew: true }])
    await addNotes(caller, id, 4)
    expect(await codeAtEnd(overSocket(socketClient(caller), conversationEvents, { after }))).toBe(
      'CURSOR_EXPIRED',
    )
    await closeClients()
    await gateway.close()
    await copy.stop()
    await proxy.close()
  })

  test.for(eachRun)('as a copy that lacks 10 commits takes its place (run %i)', async (_, { start }) => {
    const url = await newPostgresDatabase()
    const name = /\/(test_\w+)\?/.exec(url)?.[1] ?? ''
    const operator = new pg.Client(inject('postgres'))
    await operator.connect()
    const gateway = await startGateway({ database: log => openPostgres(url, { log }) })

    /** Does something with the database that nobody may be connected to. */
    async function alone(database: string, statement: string): Promise<void> {
      await operator.query(`alter database ${database} allow_connections false`)
      for (;;) {
        await operator.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
          database,
        ])
        const error = await operator.query(statement).then(
          () => null,
          failed => failed,
        )
        if (!error) return
        // Someone is on the way out.
        expect(error.code).toBe('55006')
      }
    }

    await expectAllTold({
      gateway,
      events: { kept: 20, lost: 10, after: 14 },
      async part() {
        await alone(name, `create database ${name}_copy template ${name} strategy file_copy`)
        await operator.query(`alter database ${name} allow_connections true`)
      },
      async goBack() {
        await alone(name, `alter database ${name} rename to ${name}_lost`)
        await operator.query(`alter database ${name}_copy rename to ${name}`)
        const done = await command(start, ['log', 'new-epoch'], { DATABASE_URL: url })
        expect(done).toMatchObject({ code: 0 })
      },
    })
    await gateway.close()
    await operator.end()
  })
})
