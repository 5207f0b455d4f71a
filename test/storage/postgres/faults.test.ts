import { sql } from 'kysely'
import { describe, expect, onTestFinished } from 'vitest'
import type { OpenOptions } from '../../../src/db/open-database.ts'
import { openPostgres } from '../../../src/db/open-postgres.ts'
import { type Hints, noHints, postgresHints } from '../../../src/live/hints.ts'
import { migratedDatabaseOf, newPostgresDatabase, operate } from '../../support/databases.ts'
import {
  type Client,
  type Gateway,
  type GatewayOptions,
  newClient,
  newConversation,
  newWorkspace,
  startGateway,
} from '../../support/gateway.ts'
import { startPostgres } from '../../support/postgres.ts'
import { test as base } from '../../support/program.ts'
import { startSilentProxy } from '../../support/silent-proxy.ts'

/** `start` starts a gateway on a database, which stops when the test has ended. */
const test = base
  .extend('url', () => newPostgresDatabase())
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('open', async ({}, { onCleanup }) => {
    const gateways: Gateway[] = []
    onCleanup(async () => void (await Promise.all(gateways.map(gateway => gateway.close()))))
    return async (url: string, options: OpenOptions = {}, differing: GatewayOptions = {}) => {
      const gateway = await startGateway({
        ...differing,
        database: log => openPostgres(url, { ...options, log }),
      })
      gateways.push(gateway)
      return gateway
    }
  })

const nameOf = (url: string) => /\/(test_\w+)\?/.exec(url)?.[1] ?? ''

const close = `mutation ($id: ID!) {
  setConversationStatus(input: { conversationId: $id, status: CLOSED }) { userErrors { code } }
}`

describe('the service is back', () => {
  test('soon after a network that swallows what is sent over open connections', async ({ url, open }) => {
    const proxy = await startSilentProxy(url)
    const gateway = await open(proxy.url, { statementTimeoutMs: 1_000 })
    const { client } = await newWorkspace(gateway)
    const ask = () => client.graphql<{ workspace: { name: string } }>('{ workspace { name } }')
    await Promise.all(Array.from({ length: 12 }, ask))
    proxy.silence()
    const begun = performance.now()
    // Clients that leave have their statements cancelled, over connections that are silent too.
    for (let left = 0; left < 4; left++) {
      const leaving = new AbortController()
      const aborted = fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { authorization: client.authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ query: `{ conversations(first: ${left + 1}) { totalCount } }` }),
        signal: leaving.signal,
      })
      aborted.catch(() => {})
      setTimeout(() => leaving.abort(), 100)
    }
    const during = await Promise.all(Array.from({ length: 12 }, ask))
    for (const { errors } of during) if (errors) expect(errors[0]?.extensions.code).toBe('UNAVAILABLE')
    await expect.poll(async () => (await ask()).status, { timeout: 60_000 }).toBe(200)
    await expect
      .poll(async () => (await fetch(`${gateway.url}/health/ready`)).status, { timeout: 60_000 })
      .toBe(200)
    expect(performance.now() - begun).toBeLessThan(15_000)
    await gateway.close()
    await proxy.close()
  })

  test('when another process froze in the middle of a change', async ({ url, open }) => {
    const gateway = await open(url, { statementTimeoutMs: 10_000 })
    const { client, id: workspaceId } = await newWorkspace(gateway)
    const { id } = await newConversation(client)
    const frozen = openPostgres(url)
    const holds = Promise.withResolvers<void>()
    const thaws = Promise.withResolvers<void>()
    const change = frozen.db.transaction().execute(async writer => {
      await sql`select from conversation where workspace_id = ${workspaceId} and id = ${id} for update`.execute(
        writer,
      )
      holds.resolve()
      await thaws.promise
      await sql`select 1`.execute(writer)
    })
    change.catch(() => {})
    await holds.promise
    expect(await client.graphql(close, { id })).toMatchObject({
      data: { setConversationStatus: { userErrors: [] } },
    })
    thaws.resolve()
    await expect(change).rejects.toThrow('The database is not available.')
    await frozen.close()
  })
})

describe('a database that takes no changes now', () => {
  test('is told as such, and is not ready', async ({ url, open }) => {
    const before = await open(url)
    const { client, id: workspaceId } = await newWorkspace(before)
    const { id } = await newConversation(client)
    await operate(url, `alter database ${nameOf(url)} set default_transaction_read_only = on`)
    const gateway = await open(url)
    const post = (body: object) =>
      fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { authorization: client.authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    expect((await post({ query: '{ workspace { name } }' })).status).toBe(200)
    const refused = await post({ query: close, variables: { id } })
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await refused.json()).toMatchObject({
      errors: [
        {
          message: 'The database takes no changes now. Try again in a moment.',
          extensions: { code: 'UNAVAILABLE', reason: 'READ_ONLY', retryAfter: 1 },
        },
      ],
    })
    const put = await fetch(
      `${gateway.url}/v1/workspaces/${workspaceId}/support/inbox/conversations/${id}/status`,
      {
        method: 'PUT',
        headers: { authorization: client.authorization, 'content-type': 'application/json' },
        body: '{"status":"CLOSED"}',
      },
    )
    expect([put.status, put.headers.get('retry-after')]).toEqual([503, '1'])
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    expect(metrics).toMatch(/gateway_database_unavailable_total\{reason="READ_ONLY",code="25006"\} [1-9]/)
    const ready = await fetch(`${gateway.url}/health/ready`)
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'unavailable', reason: 'READ_ONLY' }])
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200)
  })
})

test('a standby answers queries, refuses changes, and is not ready', async ({ open }) => {
  const primary = await startPostgres()
  onTestFinished(primary.stop)
  const url = await migratedDatabaseOf(primary)
  const { client } = await newWorkspace(await open(url))
  const { id } = await newConversation(client)
  const standby = await primary.startReplica()
  onTestFinished(standby.stop)
  const gateway = await open(standby.url('postgres'))
  const post = (body: object) =>
    fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { authorization: client.authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  await expect.poll(async () => (await post({ query: '{ workspace { name } }' })).status).toBe(200)
  const refused = await post({ query: close, variables: { id } })
  expect([refused.status, await refused.json()]).toMatchObject([
    503,
    { errors: [{ extensions: { code: 'UNAVAILABLE', reason: 'READ_ONLY' } }] },
  ])
  const ready = await fetch(`${gateway.url}/health/ready`)
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'unavailable', reason: 'READ_ONLY' }])
})

test('a statement that is kept prepared fails once at most when a migration changes a type', async ({
  url,
  open,
}) => {
  const gateway = await open(url, { poolSize: 1 }, { limits: { maxKeptAnswerBytes: 0 } })
  const { client } = await newWorkspace(gateway)
  await newConversation(client)
  const read = () =>
    client.graphql<unknown>('{ conversations(first: 5) { edges { node { contact { name } } } } }')
  for (let sighting = 0; sighting < 5; sighting++) expect((await read()).errors).toBeUndefined()
  await operate(url, 'alter table contact alter column name type varchar(500)')
  const after = [await read(), await read(), await read()]
  const codes = after.map(({ errors }) => errors?.[0]?.extensions.code ?? 'ok')
  expect(codes).toEqual(['UNAVAILABLE', 'ok', 'ok'])
})

test('the settings of a database for its sessions change nothing', async ({ url, open }) => {
  const name = nameOf(url)
  await operate(
    url,
    `alter database ${name} set datestyle = 'German';
     alter database ${name} set default_transaction_isolation = 'serializable'`,
  )
  const { client } = await newWorkspace(await open(url, { statementTimeoutMs: 10_000 }))
  const opened = await Promise.all(
    Array.from({ length: 12 }, (_, index) => newConversation(client, `c${index}@example.com`)),
  )
  expect(new Set(opened.map(({ id }) => id)).size).toBe(12)
})

test('a role that may have fewer connections than the pool has room for refuses nobody', async ({
  url,
  open,
}) => {
  const role = `five_${nameOf(url)}`
  await operate(
    url,
    `create role ${role} login connection limit 5;
     grant all on all tables in schema public to ${role}`,
  )
  const owner = await open(url, { statementTimeoutMs: 10_000 })
  const workspaces = await Promise.all(Array.from({ length: 4 }, () => newWorkspace(owner)))
  const opened = await Promise.all(workspaces.map(({ client }) => newConversation(client)))
  const limited = url.replace('postgres://postgres@', `postgres://${role}@`)
  const hints: Hints[] = []
  const gateway = await open(
    limited,
    { statementTimeoutMs: 10_000, poolWaitMs: 5_000 },
    {
      openHints(hinting) {
        hints.push(postgresHints(limited, hinting))
        return hints[0] ?? noHints()
      },
    },
  )
  await expect.poll(() => hints[0]?.isListening()).toBe(true)
  const ask = ({ authorization }: Client, body: object) =>
    fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const statuses = new Set<number>()
  // Keys that are new each time are looked up over connections apart from those of requests.
  for (let round = 0; round < 5; round++) {
    const keys = await Promise.all(workspaces.map(({ id }) => newClient(owner, id)))
    const answers = keys.flatMap(({ client }, workspace) => [
      ...Array.from({ length: 8 }, (_, index) =>
        ask(client, { query: `{ conversations(first: ${round * 8 + index + 1}) { totalCount } }` }),
      ),
      ask(client, {
        query: `mutation ($id: ID!) { addNote(input: { conversationId: $id, contentText: "Noted" }) { userErrors { code } } }`,
        variables: { id: opened[workspace]?.id },
      }),
    ])
    for (const { status } of await Promise.all([...answers, fetch(`${gateway.url}/health/ready`)]))
      statuses.add(status)
  }
  expect([...statuses]).toEqual([200])
  expect(hints[0]?.isListening()).toBe(true)
})

test('three gateways on one database serve one workspace while 60 writers change another one', async ({
  url,
  open,
}) => {
  const gateways = await Promise.all(Array.from({ length: 3 }, () => open(url)))
  const [first] = gateways as [Gateway]
  const [crowded, quiet] = [await newWorkspace(first), await newWorkspace(first)]
  const opened = await Promise.all(
    Array.from({ length: 20 }, (_, index) => newConversation(crowded.client, `c${index}@example.com`)),
  )
  const through = ({ authorization }: typeof quiet.client, index: number, body: object) =>
    fetch(`${gateways[index % 3]?.url}/graphql`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const reads: number[] = []
  let isOver = false
  const reading = Array.from({ length: 3 }, async (_, index) => {
    while (!isOver) {
      const query = '{ workspace { eventCursor } conversations(first: 5) { edges { node { id } } } }'
      reads.push((await through(quiet.client, index, { query })).status)
    }
  })
  const changed = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const { id } = opened[index % opened.length] ?? {}
      const note = `mutation ($id: ID!) { addNote(input: { conversationId: $id, contentText: "Noted" }) { cursor } }`
      const statuses: number[] = []
      for (let turn = 0; turn < 5; turn++)
        statuses.push((await through(crowded.client, index, { query: note, variables: { id } })).status)
      return statuses
    }),
  )
  isOver = true
  await Promise.all(reading)
  expect(changed.flat()).toEqual(Array(300).fill(200))
  expect(reads.length).toBeGreaterThan(10)
  expect(new Set(reads)).toEqual(new Set([200]))
})
