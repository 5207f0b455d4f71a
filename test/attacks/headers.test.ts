import { describe, expect } from 'vitest'
import { test } from '../support/fixtures.ts'
import { rawExchange, rawGet } from '../support/raw-http.ts'

const bare = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

const json = { 'content-type': 'application/json' }
const post = (body: string, headers: Record<string, string> = json) => ({ method: 'POST', headers, body })
const read = (headers: Record<string, string> = {}) => ({ headers })

describe('nobody can frame, guess at, keep or follow', () => {
  test.for<[string, number, string, ReturnType<typeof post> | ReturnType<typeof read>]>([
    ['an answer of the graph', 200, '/graphql', post('{"query":"{ workspace { id } }"}')],
    ['a query by GET', 200, '/graphql?query={workspace{id}}', read({ accept: 'application/json' })],
    ['an operation without a key', 401, '/graphql', post('{}', { ...json, authorization: '' })],
    ['a body that is not JSON', 400, '/graphql', post('{')],
    ['a list of the REST paths', 200, '/v1/workspaces/ID/support/inbox/conversations', read()],
    ['another workspace', 404, '/v1/workspaces/wrk_other/support/inbox/conversations', read()],
    ['an undecodable path', 404, '/v1/workspaces/%zz', read()],
    ['an unknown path', 404, '/nothing', read()],
    ['the OpenAPI document', 200, '/v1/openapi.json', read()],
    ['the metrics', 200, '/metrics', read()],
  ])('%s (%i)', async ([_, status, path, init], { acme }) => {
    const response = await fetch(acme.client.url + path.replace('ID', acme.id), {
      ...init,
      headers: { authorization: acme.client.authorization, ...init.headers },
    })
    expect(response.status).toBe(status)
    // What has a tag may be kept by its own client alone, and is asked for again each time.
    const isTagged = path.startsWith('/graphql?') || path.includes('/ID/')
    const kept = isTagged ? { 'cache-control': 'private, no-cache' } : {}
    expect(Object.fromEntries(response.headers)).toMatchObject({ ...bare, ...kept })
    expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{36}$/)
    expect(response.headers.has('strict-transport-security')).toBe(false)
    await response.body?.cancel()
  })

  test('an event stream', async ({ acme }) => {
    const headers = { ...json, authorization: acme.client.authorization, accept: 'text/event-stream' }
    const query = 'subscription { conversationStatusChanged { cursor } }'
    const response = await fetch(`${acme.client.url}/graphql`, {
      ...post(JSON.stringify({ query }), headers),
    })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      ...bare,
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
    })
    await response.body?.cancel()
  })

  test('the answer to what is not HTTP', async ({ gateway }) => {
    const answer = await rawExchange(gateway.url, 'NOT HTTP\r\n\r\n')
    for (const [name, value] of Object.entries(bare)) {
      expect(answer.toLowerCase()).toContain(`\r\n${name}: ${value.toLowerCase()}\r\n`)
    }
  })
})

describe('a page runs no scripts but its own', () => {
  test('GraphiQL', async ({ gateway }) => {
    const { headers, body } = await rawGet(gateway.url, '/graphql', { accept: 'text/html' })
    const scripts = [...String(body).matchAll(/<script([^>]*)>/g)].map(([, attributes = '']) => attributes)
    expect(scripts.length).toBeGreaterThan(1)
    for (const attributes of scripts)
      expect(attributes).toMatch(/ src="\/graphiql\/| type="application\/json"/)
    expect(headers).toMatchObject({
      ...bare,
      'content-security-policy': expect.any(String),
      'cache-control': 'no-cache',
    })
    expect(directivesOf(headers)).toMatchObject({
      'default-src': "'none'",
      'script-src': "'self'",
      'connect-src': "'self'",
      'frame-ancestors': "'none'",
    })
  })

  test('the documentation', async ({ gateway }) => {
    const { headers, body } = await rawGet(gateway.url, '/v1/docs/')
    expect(headers).toMatchObject({ ...bare, 'content-security-policy': expect.any(String) })
    expect(directivesOf(headers)).toMatchObject({
      'default-src': "'none'",
      'script-src': "'self'",
      'frame-ancestors': "'none'",
    })
    expect(String(body)).not.toMatch(/<script(?![^>]*src="\.?\/)/)
  })

  const directivesOf = (headers: object) => {
    const policy = (headers as Record<string, string>)['content-security-policy'] ?? ''
    return Object.fromEntries(policy.split(';').map(each => each.trim().split(/ (.*)/).slice(0, 2)))
  }
})
