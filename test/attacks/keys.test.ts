import { describe, expect } from 'vitest'
import { type Attack, isAnswered, type Row, requireUnharmed, send, shortOf, test } from '../support/attack.ts'
import { newClient, newConversation, newWorkspace } from '../support/gateway.ts'

const body = JSON.stringify({ query: '{ workspace { name } }' })
const mutation =
  'mutation { createConversation(input: { email: "jane@example.com", contentText: "Hi" }) { cursor } }'

const shown =
  (authorization: (key: string) => string): Attack =>
  target =>
    send(target, '/graphql', {
      method: 'POST',
      body,
      headers: { authorization: authorization(target.acme.client.key) },
    })

/** Posts without the header that has the key. */
const without =
  (path: (key: string) => string, headers: (key: string) => Record<string, string> = () => ({})): Attack =>
  async ({ acme: { client } }) => {
    const all = { 'content-type': 'application/json', ...headers(client.key) }
    const response = await fetch(`${client.url}${path(client.key)}`, { method: 'POST', body, headers: all })
    const text = await response.text()
    return { outcome: shortOf(response.status, text), text }
  }

const refused = '401 UNAUTHENTICATED'

const credentials: Row[] = [
  ['that is missing', refused, without(() => '/graphql')],
  ['without a scheme', refused, shown(key => key)],
  ['of another scheme', refused, shown(key => `Basic ${btoa(`${key}:`)}`)],
  ['with a colon', refused, shown(key => `Bearer: ${key}`)],
  ['without a space', refused, shown(key => `Bearer${key}`)],
  ['that is empty', refused, shown(() => 'Bearer ')],
  ['in quotation marks', refused, shown(key => `Bearer "${key}"`)],
  ['with one character more', refused, shown(key => `Bearer ${key}a`)],
  ['with one character less', refused, shown(key => `Bearer ${key.slice(0, -1)}`)],
  ['twice in a header', refused, shown(key => `Bearer ${key}, Bearer ${key}`)],
  ['of 10,000 characters', refused, shown(() => `Bearer ${'a'.repeat(10_000)}`)],
  ['with SQL', refused, shown(() => "Bearer ' or '1'='1")],
  ['that is the id of a key', refused, shown(() => 'Bearer key_00000000000000000000000000')],
  [
    'in the URL',
    refused,
    without(key => `/graphql?key=${key}&authorization=Bearer%20${key}&access_token=${key}`),
  ],
  [
    'in a cookie',
    refused,
    without(
      () => '/graphql',
      key => ({ cookie: `authorization=Bearer ${key}` }),
    ),
  ],
  [
    'in another header',
    refused,
    without(
      () => '/graphql',
      key => ({ 'x-api-key': key, 'proxy-authorization': `Bearer ${key}` }),
    ),
  ],
]

/** Asks with a key that has only this scope. */
const scoped =
  (scope: 'read' | 'write', query: string, init: Record<string, unknown> = {}): Attack =>
  async target => {
    const { client } = await newClient(target.gateway, target.acme.id, { scopes: [scope] })
    const headers = { authorization: client.authorization, accept: 'application/json' }
    return send(target, '/graphql', { method: 'POST', headers, body: JSON.stringify({ query, ...init }) })
  }

const forbidden = '403 FORBIDDEN'

const scopes: Row[] = [
  ["a read key's mutation", forbidden, scoped('read', mutation)],
  [
    "a read key's mutation beside a query",
    forbidden,
    scoped('read', `query a { __typename } ${mutation.replace('mutation', 'mutation b')}`, {
      operationName: 'b',
    }),
  ],
  [
    "a read key's mutation in a fragment",
    forbidden,
    scoped('read', `mutation { ...a } fragment a on Mutation ${mutation.replace('mutation ', '')}`),
  ],
  [
    "a read key's skipped mutation",
    forbidden,
    scoped(
      'read',
      'mutation { setConversationUnread(input: { conversationId: "thd_a", isUnread: true }) @skip(if: false) { cursor } }',
    ),
  ],
  ["a write key's query", forbidden, scoped('write', '{ workspace { name } }')],
  [
    "a write key's subscription",
    forbidden,
    scoped('write', 'subscription { conversationCountsChanged { open } }'),
  ],
  [
    "a read key's REST change",
    '403',
    async target => {
      const { client } = await newClient(target.gateway, target.acme.id, { scopes: ['read'] })
      const { id } = await newConversation(target.acme.client)
      return send(target, `/v1/workspaces/${target.acme.id}/support/inbox/conversations/${id}/status`, {
        method: 'PUT',
        headers: { authorization: client.authorization },
        body: '{"status":"CLOSED"}',
      })
    },
  ],
  [
    "another workspace's REST path",
    '404',
    async target => {
      const other = await newWorkspace(target.gateway)
      return send(target, `/v1/workspaces/${other.id}/support/inbox/conversations`)
    },
  ],
  [
    "another workspace's conversation",
    '200 NOT_FOUND',
    async target => {
      const other = await newWorkspace(target.gateway)
      const { id } = await newConversation(other.client)
      const query = `mutation { setConversationStatus(input: { conversationId: "${id}", status: CLOSED }) { cursor userErrors { code } } }`
      return send(target, '/graphql', { method: 'POST', body: JSON.stringify({ query }) })
    },
  ],
  [
    'an expired key',
    refused,
    async target => {
      const { client } = await newClient(target.gateway, target.acme.id, {
        expiresAt: new Date(Date.now() - 1_000),
      })
      return send(target, '/graphql', {
        method: 'POST',
        body,
        headers: { authorization: client.authorization },
      })
    },
  ],
]

describe('a key', () => {
  test.for(credentials)('%s: %s', isAnswered)
})

describe('what a key may not', () => {
  test.for(scopes)('%s: %s', isAnswered)
})

test('300 wrong keys at once are all refused', async ({ target }) => {
  const wrong = shown(() => `Bearer ${'a'.repeat(40)}`)
  const came = await Promise.all(Array.from({ length: 300 }, () => wrong(target)))
  expect(
    [...new Set(came.map(({ outcome }) => outcome))].filter(
      outcome => !/^(401 UNAUTHENTICATED|429 RATE_LIMITED)$/.test(outcome),
    ),
  ).toEqual([])
})

test('the gateway is as it was before', async ({ target, sizeBefore }) => {
  await requireUnharmed(target, sizeBefore)
})
