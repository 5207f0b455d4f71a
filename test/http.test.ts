import { connect } from 'node:net'
import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, type Gateway, newWorkspace, startGateway } from './support/gateway.ts'

let gateway: Gateway
let workspaceId: string
let caller: Client

beforeAll(async () => {
  gateway = await startGateway({ corsOrigins: ['https://inbox.example'] })
  const workspace = await newWorkspace(gateway)
  workspaceId = workspace.id
  caller = workspace.client
})
afterAll(() => gateway.close())

const post = (body: string, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: caller.authorization, ...headers },
    body,
  })

describe('the GraphQL-over-HTTP specification, audited', () => {
  const audits = serverAudits({
    url: () => `${gateway.url}/graphql`,
    fetchFn: (input: string, init: RequestInit) =>
      fetch(input, {
        ...init,
        headers: { ...(init?.headers as object), authorization: caller.authorization },
      }),
  })
  test.each(audits.map(audit => [audit.name, audit] as const))('%s', async (_, audit) => {
    expect(await audit.fn()).toMatchObject({ status: 'ok' })
  })
})

describe('a body that cannot be read', () => {
  test('is refused in the shape of the door it came through', async () => {
    const graphql = await post('{')
    expect(graphql.status).toBe(400)
    expect(await graphql.json()).toEqual({
      errors: [{ message: 'The body is not JSON.', extensions: { code: 'INVALID_INPUT' } }],
    })
    const path = `/v1/workspaces/${workspaceId}/support/inbox/conversations`
    const rest = await caller.rest('POST', path, '{')
    expect(rest.status).toBe(400)
    expect(rest.body).toEqual({ statusCode: 400, error: 'Bad Request', message: 'The body is not JSON.' })
  })

  test.each(['null', '5', '[]', '"text"'])('is refused when it is %s', async body => {
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      errors: [{ message: 'The body must be a JSON object.', extensions: { code: 'INVALID_INPUT' } }],
    })
  })

  test('is refused when it is over 1 MiB', async () => {
    const query = JSON.stringify({ query: `{ __typename } # ${'x'.repeat(1024 * 1024)}` })
    const graphql = await post(query)
    expect(graphql.status).toBe(413)
    expect(await graphql.json()).toMatchObject({ errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] })
    const path = `/v1/workspaces/${workspaceId}/support/inbox/conversations`
    const rest = await caller.rest('POST', path, query)
    expect(rest.body).toEqual({
      statusCode: 413,
      error: 'Payload Too Large',
      message: 'The body is larger than 1 MiB.',
    })
  })

  test('is refused when it is no JSON by its type, so that no form of another site can send it', async () => {
    const response = await post('query={__typename}', { 'content-type': 'text/plain' })
    expect(response.status).toBe(415)
  })
})

describe('a document that is too much', () => {
  const refused = async (query: string) => {
    const response = await post(JSON.stringify({ query }))
    expect(response.status).toBe(400)
    const { errors } = (await response.json()) as { errors: { message: string; extensions: object }[] }
    expect(errors[0]?.extensions).toEqual({ code: 'LIMIT_EXCEEDED' })
    return errors[0]?.message
  }

  test('is refused for its tokens', async () => {
    expect(await refused(`{ ${'__typename '.repeat(1_001)} }`)).toMatch(/1000 tokens/)
  })

  test('is refused for its depth, also a depth that would overflow a stack', async () => {
    const nested = (depth: number) => `{ viewer ${'{ id'.repeat(depth)} ${'}'.repeat(depth)} }`
    expect(await refused(nested(20))).toMatch(/depth limit of 16 exceeded/)
    expect(await refused(nested(7_000))).toMatch(/tokens/)
  })

  test('is refused for its aliases', async () => {
    const aliases = Array.from({ length: 31 }, (_, index) => `a${index}: viewer { id }`)
    expect(await refused(`{ ${aliases.join(' ')} }`)).toMatch(/Aliases limit of 30 exceeded/)
  })
})

describe('a question the graph does not understand', () => {
  test('gets a typed error that says where', async () => {
    const syntax = await caller.graphql('{ viewer {')
    expect(syntax.errors?.[0]).toMatchObject({
      extensions: { code: 'INVALID_INPUT' },
      locations: [{ line: 1 }],
    })
    const unknown = await caller.graphql('{ nothing }')
    expect(unknown.errors?.[0]).toMatchObject({ extensions: { code: 'INVALID_INPUT' } })
    const variable = await caller.graphql('query ($id: ID!) { conversation(id: $id) { id } }')
    expect(variable.errors?.[0]).toMatchObject({ extensions: { code: 'INVALID_INPUT' } })
  })
})

describe('what needs no key', () => {
  test('is the page, served whole', async () => {
    const response = await fetch(`${gateway.url}/`, { headers: { accept: 'text/html' } })
    const page = await response.text()
    expect(response.url).toBe(`${gateway.url}/graphql`)
    expect(page).toContain('subscription StatusChanges')
    expect(page).toContain('YOUR_API_KEY')
    expect(page).not.toMatch(/<(script|link)[^>]+(src|href)=["']?(https?:)?\/\//i)
  })

  test('is health and metrics', async () => {
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200)
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toContain('gateway_open{kind="sockets"} 0')
  })

  test('is the OpenAPI document of the six routes and its pages', async () => {
    const document = await (await fetch(`${gateway.url}/v1/openapi.json`)).json()
    const operations = Object.values((document as { paths: Record<string, object> }).paths).flatMap(
      Object.keys,
    )
    expect(operations.sort()).toEqual(['get', 'get', 'post', 'post', 'put', 'put'])
    expect((await fetch(`${gateway.url}/v1/docs`)).status).toBe(200)
  })
})

describe('browsers of other origins', () => {
  const allowed = async (origin: string) => {
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

  test('may ask when they are listed, and only then', async () => {
    expect(await allowed('https://inbox.example')).toBe('https://inbox.example')
    expect(await allowed('https://evil.example')).toBeNull()
  })
})

describe('paths that lead nowhere', () => {
  test.each(['/nope', '/v1/workspaces/%zz/support', `/v1/workspaces/${'x'.repeat(5_000)}/x`])(
    '%.30s',
    async path => {
      const response = await fetch(`${gateway.url}${path}`)
      expect(response.status).toBe(404)
      expect(await response.json()).toEqual({ statusCode: 404, error: 'Not Found', message: 'Not found.' })
    },
  )

  test('what is not HTTP gets an answer too', async () => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1', () =>
      socket.write('NOT HTTP\r\n\r\n'),
    )
    const chunks = await Array.fromAsync(socket)
    expect(Buffer.concat(chunks as Buffer[]).toString()).toMatch(/^HTTP\/1.1 400 .*"statusCode":400/s)
  })
})
