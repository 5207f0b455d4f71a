import { once } from 'node:events'
import { sql } from 'kysely'
import { expect } from 'vitest'
import type { Client, Gateway } from '../../support/gateway.ts'
import { acknowledged } from '../../support/live.ts'
import { test } from '../../support/live-fixtures.ts'

/** The statements that wait for the lock on the table `contact`. */
async function waiting({ db }: Gateway): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like '%contact%'`.execute(db)
  return rows[0]?.n ?? 0
}

/** Asks while nobody can read contacts, leaves, and returns how many milliseconds later no statement waits any more. */
async function leaveWhileWaiting(gateway: Gateway, ask: () => Promise<() => void>): Promise<number> {
  return gateway.db.transaction().execute(async writer => {
    await sql`lock table contact in access exclusive mode`.execute(writer)
    const leave = await ask()
    await expect.poll(() => waiting(gateway)).toBeGreaterThan(0)
    const left = performance.now()
    leave()
    await expect.poll(() => waiting(gateway)).toBe(0)
    return performance.now() - left
  })
}

const query = '{ a: contacts { edges { node { id } } } b: contacts(first: 2) { edges { node { id } } } }'

const post = ({ url, authorization }: Client, signal: AbortSignal) =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ query }),
    signal,
  })

test.override('gatewayOptions', { onStatement: () => {} })

test('a client that leaves ends its statements, over HTTP', async ({ gateway, acme }) => {
  const gone = new AbortController()
  const took = await leaveWhileWaiting(gateway, async () => {
    void post(acme.client, gone.signal).catch(() => {})
    return () => gone.abort()
  })
  // A statement that is not cancelled would end by itself after 10 s.
  expect(took).toBeLessThan(5_000)
})

test('a client that leaves ends its statements, by complete and by closing its socket', async ({
  gateway,
  acme,
}) => {
  for (const leave of ['complete', 'close'] as const) {
    const socket = await acknowledged(acme.client)
    const took = await leaveWhileWaiting(gateway, async () => {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
      return () =>
        leave === 'close' ? socket.terminate() : socket.send(JSON.stringify({ id: '1', type: 'complete' }))
    })
    expect(took, leave).toBeLessThan(5_000)
    if (leave === 'close') continue
    socket.send(JSON.stringify({ id: '2', type: 'subscribe', payload: { query: '{ workspace { id } }' } }))
    const messages: string[] = []
    socket.on('message', text => messages.push(String(text)))
    await expect.poll(() => messages.some(text => text.includes('wrk_'))).toBe(true)
    socket.close()
    await once(socket, 'close')
  }
})
