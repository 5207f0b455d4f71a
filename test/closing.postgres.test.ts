import { once } from 'node:events'
import { sql } from 'kysely'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import WebSocket from 'ws'
import { type Connection, connectPostgres } from '../src/db/connect.ts'
import { newPostgresDatabase } from './support/databases.ts'
import { type Gateway, newConversation, newWorkspace, startGateway } from './support/gateway.ts'

let gateway: Gateway
/** Looks on while a gateway closes. */
let aside: Connection
/** Holds what a test wants to be waited for. */
let holder: pg.Client
beforeEach(async () => {
  const url = await newPostgresDatabase()
  gateway = await startGateway({ connection: connectPostgres(url) })
  aside = connectPostgres(url)
  holder = new pg.Client(url)
  await holder.connect()
})
afterEach(async () => {
  await holder.end()
  await aside.close()
  await gateway.close()
})

/** Locks a row, and answers how to let go of it, once somebody waits for it. */
async function hold(table: 'workspace' | 'conversation', id: string) {
  await holder.query('begin')
  await holder.query(`select from ${table} where id = $1 for update`, [id])
  return {
    async waitedFor() {
      const waiting = sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      await expect.poll(async () => (await waiting.execute(aside.db)).rows.length).toBeGreaterThan(0)
    },
    letGo: () => holder.query('commit'),
  }
}

test('a mutation that is on its way over a socket when the gateway closes is answered before the socket is', async () => {
  const { client: caller } = await newWorkspace(gateway)
  const { id } = await newConversation(caller)
  const socket = new WebSocket(caller.socketUrl, 'graphql-transport-ws')
  const told: { type: string; payload?: unknown }[] = []
  socket.on('message', text => told.push(JSON.parse(String(text))))
  const closed = once(socket, 'close')
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: caller.authorization } }))
  await expect.poll(() => told).toHaveLength(1)
  const held = await hold('conversation', id)
  const query =
    'mutation ($id: ID!) { setConversationStatus(input: { conversationId: $id, status: CLOSED }) { conversation { status } } }'
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables: { id } } }))
  await held.waitedFor()
  const closing = gateway.app.close()
  await held.letGo()
  const [code] = await closed
  await closing
  expect(code).toBe(1001)
  expect(told[1]).toEqual({
    id: '1',
    type: 'next',
    payload: { data: { setConversationStatus: { conversation: { status: 'CLOSED' } } } },
  })
})

test('an event stream that was still opening when the gateway closed does not keep it', async () => {
  const { id: workspaceId, client: caller } = await newWorkspace(gateway)
  const held = await hold('workspace', workspaceId)
  const query = encodeURIComponent('subscription { conversationStatusChanged { cursor } }')
  const headers = { accept: 'text/event-stream', authorization: caller.authorization }
  const stream = fetch(`${gateway.url}/graphql?query=${query}`, { headers }).then(response => response.text())
  const cut = expect(stream).rejects.toThrow()
  await held.waitedFor()
  const begun = performance.now()
  const closing = gateway.app.close()
  await held.letGo()
  await closing
  await cut
  expect(performance.now() - begun).toBeLessThan(4_000)
})
