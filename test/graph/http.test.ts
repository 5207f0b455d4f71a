import { connect } from 'node:net'
import { serverAudits } from 'graphql-http'
import { describe, expect } from 'vitest'
import { test as base, startedWith } from '../support/fixtures.ts'
import type { Client, Gateway } from '../support/gateway.ts'

const test = startedWith(base, { corsOrigins: ['https://inbox.example'] })

const post = ({ url, authorization }: Client, body: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization, ...headers },
    body,
  })

describe('the GraphQL-over-HTTP specification, audited', () => {
  const names = serverAudits({ url: '' }).map(({ name }) => name)
  test.for(names)('%s', async (name, { acme }) => {
    const { url, authorization } = acme.client
    const audits = serverAudits({
      url: `${url}/graphql`,
      fetchFn: (input: string, init: RequestInit) =>
        fetch(input, { ...init, headers: { ...(init?.headers as object), authorization } }),
    })
    expect(await audits.find(audit => audit.name === name)?.fn()).toMatchObject({ status: 'ok' })
  })
})

describe('a body that cannot be read', () => {
  test('is refused by GraphQL and REST, each in its own shape', async ({ acme }) => {
    const graphql = await post(acme.client, '{')
    expect(graphql.status).toBe(400)
    expect(await graphql.json()).toEqual({
      errors: [{ message: 'The body is not JSON.', extensions: { code: 'INVALID_INPUT' } }],
    })
    const path = `/v1/workspaces/${acme.id}/support/inbox/conversations`
    const rest = await acme.client.rest('POST', path, '{')
    expect(rest.status).toBe(400)
    expect(rest.body).toEqual({ statusCode: 400, error: 'Bad Request', message: 'The body is not JSON.' })
  })

  test.for(['null', '5', '[]', '"text"'])('is refused when it is %s', async (body, { acme }) => {
    const response = await post(acme.client, body)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      errors: [{ message: 'The body must be a JSON object.', extensions: { code: 'INVALID_INPUT' } }],
    })
  })

  test.for(['{}', '{"query":null}', '{"variables":{}}'])(
    'is told what it lacks when it is %s',
    async (body, { acme }) => {
      const response = await post(acme.client, body)
      expect(response.status).toBe(400)
      expect(await response.json()).toEqual({
        errors: [{ message: 'Must provide query string.', extensions: { code: 'INVALID_INPUT' } }],
      })
    },
  )

  test('is refused when it is over 1 MiB', async ({ acme }) => {
    const query = JSON.stringify({ query: `{ __typename } # ${'x'.repeat(1024 * 1024)}` })
    const graphql = await post(acme.client, query)
    expect(graphql.status).toBe(413)
    expect(await graphql.json()).toMatchObject({
      errors: [{ message: 'The body is larger than 1 MiB.', extensions: { code: 'LIMIT_EXCEEDED' } }],
    })
    const path = `/v1/workspaces/${acme.id}/support/inbox/conversations`
    const rest = await acme.client.rest('POST', path, query)
    expect(rest.body).toEqual({
      statusCode: 413,
      error: 'Payload Too Large',
      message: 'The body is larger than 1 MiB.',
    })
  })

  test('is refused when its type is not JSON, so that no form of another site can send it', async ({
    acme,
  }) => {
    const response = await post(acme.client, 'query={__typename}', { 'content-type': 'text/plain' })
    expect(response.status).toBe(415)
    expect(await response.json()).toMatchObject({
      errors: [{ message: 'Content-Type must be application/json.', extensions: { code: 'INVALID_INPUT' } }],
    })
    const rest = await fetch(`${acme.client.url}/v1/workspaces/${acme.id}/support/inbox/conversations`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', authorization: acme.client.authorization },
      body: 'email=jane@example.com',
    })
    expect(await rest.json()).toEqual({
      statusCode: 415,
      error: 'Unsupported Media Type',
      message: 'Content-Type must be application/json.',
    })
  })
})

describe('a document that is too much', () => {
  const refused = async (to: Client, query: string) => {
    const response = await post(to, JSON.stringify({ query }))
    expect(response.status).toBe(400)
    const { errors } = (await response.json()) as { errors: { message: string; extensions: object }[] }
    expect(errors[0]?.extensions).toEqual({ code: 'LIMIT_EXCEEDED' })
    return errors[0]?.message
  }

  test('is refused for its tokens', async ({ acme }) => {
    expect(await refused(acme.client, `{ ${'__typename '.repeat(1_001)} }`)).toMatch(/1000 tokens/)
  })

  test('is refused for its depth, also a depth that would overflow a stack', async ({ acme }) => {
    const nested = (depth: number) => `{ viewer ${'{ id'.repeat(depth)} ${'}'.repeat(depth)} }`
    expect(await refused(acme.client, nested(20))).toMatch(/depth limit of 16 exceeded/)
    expect(await refused(acme.client, nested(2_000))).toMatch(/tokens/)
    expect(await refused(acme.client, nested(7_000))).toMatch(/16384 characters/)
  })

  test('is refused for its aliases', async ({ acme }) => {
    const aliases = Array.from({ length: 31 }, (_, index) => `a${index}: viewer { id }`)
    expect(await refused(acme.client, `{ ${aliases.join(' ')} }`)).toMatch(/Aliases limit of 30 exceeded/)
  })
})

describe('an operation that is not valid', () => {
  test('has a typed error with its location', async ({ acme }) => {
    const syntax = await acme.client.graphql('{ viewer {')
    expect(syntax.errors?.[0]).toMatchObject({
      extensions: { code: 'INVALID_INPUT' },
      locations: [{ line: 1 }],
    })
    const unknown = await acme.client.graphql('{ nothing }')
    expect(unknown.errors?.[0]).toMatchObject({ extensions: { code: 'INVALID_INPUT' } })
    const variable = await acme.client.graphql('query ($id: ID!) { conversation(id: $id) { id } }')
    expect(variable.errors?.[0]).toMatchObject({
      extensions: { code: 'INVALID_INPUT' },
      locations: [{ line: 1, column: 8 }],
    })
    const field = await acme.client.graphql('{\n  viewer { id }\n  agents(first: 0) { edges { cursor } }\n}')
    expect(field.errors?.[0]).toMatchObject({
      extensions: { code: 'INVALID_INPUT' },
      path: ['agents'],
      locations: [{ line: 3, column: 3 }],
    })
  })
})

describe('without a key', () => {
  test('GraphiQL is served whole', async ({ gateway }) => {
    const response = await fetch(`${gateway.url}/`, { headers: { accept: 'text/html' } })
    const page = await response.text()
    expect(response.url).toBe(`${gateway.url}/graphql`)
    expect(page).toContain('subscription StatusChanges')
    expect(page).toContain('YOUR_API_KEY')
    expect(page).not.toMatch(/<(script|link)[^>]+(src|href)=["']?(https?:)?\/\//i)
  })

  test('health and metrics are served', async ({ gateway }) => {
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200)
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toContain('gateway_open{kind="sockets"} 0')
  })
})

describe('browsers of other origins', () => {
  const allowed = async (gateway: Gateway, origin: string) => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization',
      },
    })
    const methods = response.headers.get('access-control-allow-methods') ?? ''
    return methods.includes('PUT') ? response.headers.get('access-control-allow-origin') : null
  }

  test('may send requests when they are listed, and only then', async ({ gateway }) => {
    expect(await allowed(gateway, 'https://inbox.example')).toBe('https://inbox.example')
    expect(await allowed(gateway, 'https://evil.example')).toBeNull()
  })
})

describe('unknown paths', () => {
  test.for(['/nope', '/v1/workspaces/%zz/support'])('%s is answered with 404', async (path, { gateway }) => {
    const response = await fetch(`${gateway.url}${path}`)
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({ statusCode: 404, error: 'Not Found', message: 'Not found.' })
  })

  test('a request that is not HTTP is answered with 400', async ({ gateway }) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1', () =>
      socket.write('NOT HTTP\r\n\r\n'),
    )
    const chunks = await Array.fromAsync(socket)
    expect(Buffer.concat(chunks as Buffer[]).toString()).toMatch(/^HTTP\/1.1 400 .*"statusCode":400/s)
  })
})

test('HEAD is answered like a path without a route', async ({ gateway, acme }) => {
  const { authorization } = acme.client
  const response = await fetch(`${gateway.url}/graphql?query={viewer{id}}`, {
    method: 'HEAD',
    headers: { authorization },
  })
  expect(response.status).toBe(404)
})
