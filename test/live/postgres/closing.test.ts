import { once } from 'node:events'
import { sql } from 'kysely'
import pg from 'pg'
import { test as base, expect, onTestFinished } from 'vitest'
import WebSocket from 'ws'
import type { OpenDatabase } from '../../../src/db/open-database.ts'
import { openPostgres } from '../../../src/db/open-postgres.ts'
import { newPostgresDatabase } from '../../support/databases.ts'
import { newConversation, newWorkspace, startGateway } from '../../support/gateway.ts'

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('address', async ({}) => newPostgresDatabase())
  .extend('gateway', async ({ address }, { onCleanup }) => {
    const gateway = await startGateway({ database: log => openPostgres(address, { log }) })
    onCleanup(gateway.close)
    return gateway
  })
  // Looks on while the gateway closes.
  .extend('aside', async ({ address }, { onCleanup }) => {
    const aside = openPostgres(address)
    onCleanup(aside.close)
    return aside
  })
  // Holds a row, so that a request waits.
  .extend('hold', async ({ address, aside }, { onCleanup }) => {
    const holder = new pg.Client(address)
    await holder.connect()
    onCleanup(() => holder.end())
    return (workspaceId: string, conversationId?: string) =>
      conversationId === undefined
        ? hold(holder, aside, 'workspace where id = $1', [workspaceId])
        : hold(holder, aside, 'conversation where workspace_id = $1 and id = $2', [
            workspaceId,
            conversationId,
          ])
  })

/** Locks a row until it is released. */
async function hold(holder: pg.Client, aside: OpenDatabase, row: string, ids: string[]) {
  await holder.query('begin')
  await holder.query(`select from ${row} for update`, ids)
  return {
    async waitedFor() {
      const waiting = sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      await expect.poll(async () => (await waiting.execute(aside.db)).rows.length).toBeGreaterThan(0)
    },
    release: () => holder.query('commit'),
  }
}

test('a mutation that runs over a socket when the gateway closes is answered before the socket closes', async ({
  gateway,
  hold,
}) => {
  const { client: caller, id: workspaceId } = await newWorkspace(gateway)
  const { id } = await newConversation(caller)
  const socket = new WebSocket(caller.socketUrl, 'graphql-transport-ws')
  onTestFinished(() => socket.terminate())
  const received: { type: string; payload?: unknown }[] = []
  socket.on('message', text => received.push(JSON.parse(String(text))))
  const closed = once(socket, 'close')
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: caller.authorization } }))
  await expect.poll(() => received).toHaveLength(1)
  const held = await hold(workspaceId, id)
  const query =
    'mutation ($id: ID!) { setConversationStatus(input: { conversationId: $id, status: CLOSED }) { conversation { status } } }'
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables: { id } } }))
  await held.waitedFor()
  const closing = gateway.app.close()
  await held.release()
  const [code] = await closed
  await closing
  expect(code).toBe(1001)
  expect(received[1]).toEqual({
    id: '1',
    type: 'next',
    payload: { data: { setConversationStatus: { conversation: { status: 'CLOSED' } } } },
  })
})

test('an event stream that was still opening when the gateway closed does not keep it from closing', async ({
  gateway,
  hold,
}) => {
  const { id: workspaceId, client: caller } = await newWorkspace(gateway)
  const held = await hold(workspaceId)
  const query = encodeURIComponent('subscription { conversationStatusChanged { cursor } }')
  const headers = { accept: 'text/event-stream', authorization: caller.authorization }
  const stream = fetch(`${gateway.url}/graphql?query=${query}`, { headers }).then(response => response.text())
  const cut = expect(stream).rejects.toThrow()
  await held.waitedFor()
  const begun = performance.now()
  const closing = gateway.app.close()
  await held.release()
  await closing
  await cut
  // A stream that it waits for is cut after 6 seconds.
  expect(performance.now() - begun).toBeLessThan(6_000)
})
