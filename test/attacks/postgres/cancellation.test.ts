import { once } from 'node:events'
import { sql } from 'kysely'
import { expect } from 'vitest'
import type { Db } from '../../../src/db/db.ts'
import { eventCursor, turn } from '../../support/conversations.ts'
import { startedWith } from '../../support/fixtures.ts'
import { type Client, type Gateway, newConversation } from '../../support/gateway.ts'
import { acknowledged } from '../../support/live.ts'
import { test as base } from '../../support/live-fixtures.ts'

/** The statements with this text that wait for a lock. */
async function waiting({ db }: Gateway, part: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like ${`%${part}%`}`.execute(db)
  return rows[0]?.n ?? 0
}

/** Keeps everyone from reading a table, however long the transaction does nothing else. */
async function lock(writer: Db, table: string): Promise<void> {
  await sql`set local idle_in_transaction_session_timeout = 0`.execute(writer)
  await sql`lock table ${sql.table(table)} in access exclusive mode`.execute(writer)
}

type Waiting = { table: string; part: string }

/** Sends a request while nobody can read a table, leaves, and returns how many milliseconds later no statement waits any more. */
async function leaveWhileWaiting(
  gateway: Gateway,
  { table, part }: Waiting,
  send: () => Promise<() => void>,
): Promise<number> {
  return gateway.db.transaction().execute(async writer => {
    await lock(writer, table)
    const leave = await send()
    await expect.poll(() => waiting(gateway, part)).toBeGreaterThan(0)
    const left = performance.now()
    leave()
    await expect.poll(() => waiting(gateway, part)).toBe(0)
    return performance.now() - left
  })
}

/** A statement that is not cancelled ends by itself after 10 s. */
const atMostMs = 5_000
const contacts = { table: 'contact', part: 'contact' }
/** A page of the events of a conversation. The feed of the workspace reads without this condition. */
const events = { table: 'event', part: '"conversation_id" = ' }

const query = '{ a: contacts { edges { node { id } } } b: contacts(first: 2) { edges { node { id } } } }'

const post = ({ url, authorization }: Client, signal: AbortSignal) =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ query }),
    signal,
  })

const test = startedWith(base, { onStatement: () => {} })

test('a client that leaves ends its statements, over HTTP', async ({ gateway, acme }) => {
  const gone = new AbortController()
  const took = await leaveWhileWaiting(gateway, contacts, async () => {
    void post(acme.client, gone.signal).catch(() => {})
    return () => gone.abort()
  })
  expect(took).toBeLessThan(atMostMs)
})

test('a field that fails ends the statements of the fields beside it', async ({ gateway, acme }) => {
  await newConversation(acme.client)
  const query = `{ conversations(first: 1) { edges { node { messages(after: "x") { edges { cursor } } } } }
    contacts { edges { node { id } } } }`
  await gateway.db.transaction().execute(async writer => {
    await lock(writer, contacts.table)
    const answeredAt = acme.client.graphql(query).then(({ errors }) => {
      expect(errors?.[0]?.extensions.code).toBe('BAD_CURSOR')
      return performance.now()
    })
    const began = await answeredAt
    await expect.poll(() => waiting(gateway, contacts.part)).toBe(0)
    expect(performance.now() - began).toBeLessThan(atMostMs)
  })
})

test('a client that leaves ends its statements, by complete and by closing its socket', async ({
  gateway,
  acme,
}) => {
  for (const leave of ['complete', 'close'] as const) {
    const socket = await acknowledged(acme.client)
    const took = await leaveWhileWaiting(gateway, contacts, async () => {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
      return () =>
        leave === 'close' ? socket.terminate() : socket.send(JSON.stringify({ id: '1', type: 'complete' }))
    })
    expect(took, leave).toBeLessThan(atMostMs)
    if (leave === 'close') continue
    socket.send(JSON.stringify({ id: '2', type: 'subscribe', payload: { query: '{ workspace { id } }' } }))
    const messages: string[] = []
    socket.on('message', text => messages.push(String(text)))
    await expect.poll(() => messages.some(text => text.includes('wrk_'))).toBe(true)
    socket.close()
    await once(socket, 'close')
  }
})

test('a subscription that its client leaves reads no further page of the log', async ({ gateway, acme }) => {
  const after = await eventCursor(acme.client)
  const { id } = await newConversation(acme.client)
  await turn(acme.client, id, 1)
  const socket = await acknowledged(acme.client)
  const subscription = `subscription ($after: EventCursor, $id: ID) {
    conversationEvents(after: $after, conversationId: $id) { cursor } }`
  const payload = { query: subscription, variables: { after, id } }
  const took = await leaveWhileWaiting(gateway, events, async () => {
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }))
    return () => socket.send(JSON.stringify({ id: '1', type: 'complete' }))
  })
  expect(took).toBeLessThan(atMostMs)
  socket.close()
  await once(socket, 'close')
})
