import { sql } from 'kysely'
import { describe, expect } from 'vitest'
import type { Db } from '../../src/db/db.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openPostgres } from '../../src/db/open.ts'
import { type Client, newConversation, newWorkspace, startGateway } from '../support/gateway.ts'
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
import { startPostgres } from '../support/postgres.ts'
import { test } from '../support/program.ts'
import { startSilentProxy } from '../support/silent-proxy.ts'

const runs = Number(process.env.RUNS ?? 2)
const each = { subscribers: 40, kept: 20, lost: 50, after: 60 }

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

describe('a replica that lacks the last commits takes over', () => {
  test.for(Array.from({ length: runs }, (_, run) => run + 1))(
    'and every subscriber, and everyone who resumes, is told so (run %i)',
    async () => {
      const primary = await startPostgres()
      const proxy = await startSilentProxy(primary.url('postgres'))
      const onPrimary = openPostgres(primary.url('postgres'))
      await migrate(onPrimary.db)
      const gateway = await startGateway({ database: openPostgres(proxy.url) })
      const { client: caller, id: workspaceId } = await newWorkspace(gateway)
      const { id } = await newConversation(caller)
      await expect
        .poll(async () => (await gateway.db.selectFrom('log_origin').selectAll().execute()).length)
        .toBe(1)
      const replica = await primary.startReplica()
      const onReplica = openPostgres(replica.url('postgres'))

      const sockets = [socketClient(caller), socketClient(caller)]
      const live = Array.from({ length: each.subscribers }, (_, index) => {
        const socket = sockets[index % 4]
        return socket
          ? overSocket<LiveEvent>(socket, conversationEvents)
          : overEventStream<LiveEvent>(caller, conversationEvents)
      })
      await subscribed(gateway, live.length)
      await addNotes(caller, id, each.kept)
      const kept = await seqOf(onPrimary.db, workspaceId)
      await expect.poll(() => seqOf(onReplica.db, workspaceId), { timeout: 30_000 }).toBe(kept)
      await sql`alter system set primary_conninfo = ''`.execute(onReplica.db)
      await sql`select pg_reload_conf()`.execute(onReplica.db)
      const receivers = sql<{ count: number }>`select count(*) from pg_stat_wal_receiver`
      await expect
        .poll(async () => (await receivers.execute(onReplica.db)).rows[0]?.count, { timeout: 30_000 })
        .toBe(0)
      await addNotes(caller, id, each.lost)
      await Promise.all(live.map(heard => heard.until(each.kept + each.lost)))
      const cursors = live.map(({ events }, index) => events.at(-1 - (index % each.lost))?.cursor ?? '')
      expect(await seqOf(onReplica.db, workspaceId)).toBe(kept)

      await onPrimary.close()
      await primary.stop()
      proxy.leadTo(replica.url('postgres'))
      await sql`select pg_promote()`.execute(onReplica.db)
      await addNotes(caller, id, each.after)

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
      await gateway.close()
      await onReplica.close()
      await replica.stop()
      await proxy.close()
    },
  )
})
