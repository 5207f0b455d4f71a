import { expect } from 'vitest'
import { change } from '../support/conversations.ts'
import { test as base, startedWith } from '../support/fixtures.ts'
import { type Client, newClient, newConversation, newWorkspace } from '../support/gateway.ts'

const statements: string[] = []
const test = startedWith(base, {
  onStatement: ({ query }) => void statements.push(query.sql),
})

async function get({ url, authorization }: Client, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}${path}`, { headers: { authorization, ...headers } })
  const { status } = response
  return {
    status,
    headers: response.headers,
    tag: response.headers.get('etag') ?? '',
    body: await response.text(),
  }
}

const listOf = (workspaceId: string) => `/v1/workspaces/${workspaceId}/support/inbox/conversations`
const graph = `/graphql?query=${encodeURIComponent('{ conversations(first: 5) { edges { node { id status } } } }')}`

test.for([
  ['a REST list', (workspaceId: string) => listOf(workspaceId)],
  ['GraphQL over GET', () => graph],
] as const)(
  '%s has a tag, and is 304 without statements until something has changed',
  async ([, pathOf], { acme }) => {
    const { id } = await newConversation(acme.client)
    const path = pathOf(acme.id)
    const first = await get(acme.client, path)
    expect(first.status).toBe(200)
    expect(first.tag).toMatch(/^W\/"[\w-]{43}"$/)
    expect(first.headers.get('cache-control')).toBe('private, no-cache')
    expect(first.headers.get('vary')).toContain('Authorization')

    const before = statements.length
    const again = await get(acme.client, path, { 'if-none-match': `"other", ${first.tag}` })
    expect(again).toMatchObject({ status: 304, tag: first.tag, body: '' })
    expect(statements.slice(before).filter(sql => /from "?conversation/.test(sql))).toEqual([])

    await change(acme.client, id, 'CLOSED', acme.agentId)
    const changed = await get(acme.client, path, { 'if-none-match': first.tag })
    expect(changed.status).toBe(200)
    expect(changed.tag).not.toBe(first.tag)
    expect(changed.body).not.toBe(first.body)
  },
)

test('a tag outlives what changes nothing, such as the work in the background', async ({ acme }) => {
  const { tag } = await get(acme.client, listOf(acme.id))
  const looksForMail = () => statements.filter(sql => sql.includes('busy(workspace_id, attempts)')).length
  const before = looksForMail()
  await expect.poll(looksForMail).toBeGreaterThan(before + 1)
  expect((await get(acme.client, listOf(acme.id), { 'if-none-match': tag })).status).toBe(304)
})

// Prism, which checks the REST paths, waits for the end of every response.
test.skipIf(process.env.PRISM !== undefined)('a stream of events has no tag', async ({ acme }) => {
  const query = encodeURIComponent('subscription { conversationEvents { id } }')
  const stop = new AbortController()
  const { headers } = await fetch(`${acme.client.url}/graphql?query=${query}`, {
    headers: { authorization: acme.client.authorization, accept: '*/*' },
    signal: stop.signal,
  })
  expect(headers.get('content-type')).toContain('text/event-stream')
  expect(headers.get('etag')).toBeNull()
  stop.abort()
})

test('a tag is that of one address, one key and one form of the answer', async ({ gateway, acme }) => {
  await newConversation(acme.client)
  const { client: other } = await newClient(gateway, acme.id)
  const foreign = await newWorkspace(gateway)
  const tags = await Promise.all([
    get(acme.client, listOf(acme.id)),
    get(acme.client, `${listOf(acme.id)}?limit=5`),
    get(other, listOf(acme.id)),
    get(foreign.client, listOf(foreign.id)),
    get(acme.client, graph),
    get(acme.client, graph, { accept: 'application/json' }),
  ])
  expect(new Set(tags.map(({ tag }) => tag)).size).toBe(6)
})

test('what is refused has no tag, and `*` is no tag', async ({ acme }) => {
  const tagged = await get(acme.client, listOf(acme.id))
  for (const [path, status] of [
    [`${listOf(acme.id)}?limit=0`, 400],
    [`/v1/workspaces/${acme.id}/support/inbox/customers/ctc_absent/conversations`, 404],
    ['/graphql?query={', 400],
  ] as const) {
    const refused = await get(acme.client, path, {
      'if-none-match': '*',
      accept: 'application/graphql-response+json',
    })
    expect(refused, path).toMatchObject({ status, tag: '' })
    expect(refused.headers.get('cache-control')).toBe('no-store')
  }
  expect((await get(acme.client, listOf(acme.id), { 'if-none-match': '*' })).status).toBe(200)
  const wrongKey = { 'if-none-match': tagged.tag, authorization: 'Bearer cgw_wrong' }
  expect((await get(acme.client, listOf(acme.id), wrongKey)).status).toBe(401)
  expect((await get(acme.client, graph, { 'x-query-cost': '1' })).tag).toBe('')
})
