import { gzipSync } from 'node:zlib'
import { describe, expect } from 'vitest'
import {
  type Attack,
  each,
  isAnswered,
  post,
  type Row,
  requireUnharmed,
  send,
  sendQuery,
  shortOf,
  test,
} from '../support/attack.ts'
import { newConversation } from '../support/gateway.ts'

const query = '{ __typename }'
const mutation =
  'mutation { createConversation(input: { email: "jane@example.com", contentText: "Hi" }) { cursor } }'
const withVariables = (variables: string): Attack => post(`{"query": "${query}", "variables": ${variables}}`)
const nested = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`
const objects = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`

const multipart = () => {
  const form = new FormData()
  form.set('operations', JSON.stringify({ query: mutation }))
  form.set('map', '{}')
  return form
}

const get =
  (path: string, headers: Record<string, string> = {}): Attack =>
  target =>
    send(target, path, { headers })

const typed = (body: BodyInit, type: string): Attack => post(body, { 'content-type': type })

/** Sends a body in pieces without a length, as much as the gateway takes. */
const chunked =
  (bytes: number): Attack =>
  async target => {
    const piece = new TextEncoder().encode('x'.repeat(65_536))
    let left = bytes
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        left -= piece.length
        if (left < 0) controller.close()
        else controller.enqueue(piece)
      },
    })
    const { url, authorization } = target.acme.client
    const headers = { authorization, 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body, duplex: 'half' }
    // The gateway closes the connection with its answer, which a client that still writes may miss.
    const response = await fetch(`${url}/graphql`, init as RequestInit).catch(() => null)
    if (!response) return { outcome: 'cut', text: '' }
    const text = await response.text()
    return { outcome: shortOf(response.status, text), text }
  }

const requests: Row[] = [
  ['a mutation by GET', '405 INVALID_INPUT', get(`/graphql?query=${encodeURIComponent(mutation)}`)],
  [
    'a mutation as a form',
    '415 INVALID_INPUT',
    typed(new URLSearchParams({ query: mutation }).toString(), 'application/x-www-form-urlencoded'),
  ],
  [
    'a mutation as an upload',
    '415 INVALID_INPUT',
    target => {
      const { authorization } = target.acme.client
      return fetch(`${target.gateway.url}/graphql`, {
        method: 'POST',
        headers: { authorization },
        body: multipart(),
      }).then(async response => {
        const text = await response.text()
        return { outcome: shortOf(response.status, text), text }
      })
    },
  ],
  ['a mutation as plain text', '415 INVALID_INPUT', typed(JSON.stringify({ query: mutation }), 'text/plain')],
  ['a mutation as application/graphql', '415 INVALID_INPUT', typed(mutation, 'application/graphql')],
  [
    'a type that hides JSON behind text',
    '415 INVALID_INPUT',
    typed(JSON.stringify({ query: mutation }), 'text/plain; application/json'),
  ],
  [
    'JSON in UTF-16',
    '400 INVALID_INPUT',
    post(new Uint8Array(Buffer.from(`\ufeff{"query":"${query}"}`, 'utf16le'))),
  ],
  ['bytes that are no UTF-8', '400 INVALID_INPUT', post(new Uint8Array([0x7b, 0xff, 0xfe, 0xc0, 0x80]))],
  [
    'a body in gzip',
    '400 INVALID_INPUT',
    post(new Uint8Array(gzipSync(JSON.stringify({ query }))), { 'content-encoding': 'gzip' }),
  ],
  [
    '10 MB of zeros in gzip',
    '400 INVALID_INPUT',
    post(new Uint8Array(gzipSync(Buffer.alloc(10_000_000))), { 'content-encoding': 'gzip' }),
  ],
  ['a body of 2 MB', '413 LIMIT_EXCEEDED', post('x'.repeat(2_000_000))],
  ['a body of 2 MB in pieces', '413 LIMIT_EXCEEDED', chunked(2_000_000)],
  ['no body', '400 INVALID_INPUT', post('')],
  ['a query that is a number', '400 INVALID_INPUT', post('{"query": 7}')],
  ['a query that is an object', '400 INVALID_INPUT', post('{"query": {"toString": 1}}')],
  ['variables that are a list', '400 INVALID_INPUT', withVariables('[1]')],
  ['variables that are a text', '400 INVALID_INPUT', withVariables('"{}"')],
  [
    'an operationName that is an object',
    '400 INVALID_INPUT',
    post(`{"query": "${query}", "operationName": {}}`),
  ],
  ['unknown parameters', '400 INVALID_INPUT', post(`{"query": "${query}", "debug": true}`)],
  [
    'extensions of 900 kB',
    '200',
    post(`{"query": "${query}", "extensions": {"a": "${'x'.repeat(900_000)}"}}`),
  ],
  [
    'a persisted query of another server',
    '200',
    post(`{"query": "${query}", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "x"}}}`),
  ],
]

const keys = (count: number) => `{${Array.from({ length: count }, (_, i) => `"k${i}":1`).join()}}`

const bombs: Row[] = [
  ['100,000 lists in lists', '413 LIMIT_EXCEEDED', withVariables(nested(100_000))],
  ['9,000 lists in lists', '200', withVariables(nested(9_000))],
  ['150,000 objects in objects', '413 LIMIT_EXCEEDED', withVariables(objects(150_000))],
  ['4,000 objects in objects', '200', withVariables(objects(4_000))],
  ['80,000 keys', '413 LIMIT_EXCEEDED', withVariables(keys(80_000))],
  ['4,000 keys', '200', withVariables(keys(4_000))],
  ['a number of 900,000 digits', '200', withVariables(`{"a": ${'9'.repeat(900_000)}}`)],
  ['the same key twice', '200', post(`{"query": "{ nothing }", "query": "${query}"}`)],
  ['a __proto__ key', '400 INVALID_INPUT', withVariables('{"__proto__": {"isAdmin": true}}')],
  ['an escaped __proto__ key', '400 INVALID_INPUT', withVariables('{"\\u005f_proto__": {"isAdmin": true}}')],
  [
    'a constructor with a prototype',
    '400 INVALID_INPUT',
    withVariables('{"constructor": {"prototype": {"isAdmin": true}}}'),
  ],
  [
    'lists in lists where an id is asked for',
    '200 INVALID_INPUT',
    post(`{"query": "query ($a: ID!) { node(id: $a) { id } }", "variables": ${nested(9_000)}}`),
  ],
  [
    'objects in objects where a filter is asked for',
    '200 INVALID_INPUT',
    post(
      `{"query": "query ($a: ConversationFilter) { conversations(filter: $a) { edges { node { id } } } }", "variables": ${objects(4_000)}}`,
    ),
  ],
  [
    '4,000 wrong fields in an input',
    '200 INVALID_INPUT',
    sendQuery('mutation ($a: CreateConversationInput!) { createConversation(input: $a) { cursor } }', {
      a: Object.fromEntries(Array.from({ length: 4_000 }, (_, i) => [`f${i}`, 1])),
    }),
  ],
]

const rest =
  (method: string, path: string, body?: string): Attack =>
  async target => {
    const { id } = await newConversation(target.acme.client)
    const inbox = `/v1/workspaces/${target.acme.id}/support/inbox`
    return send(target, inbox + path.replace('ID', id), { method, ...(body === undefined ? {} : { body }) })
  }

const restBodies: Row[] = [
  ['a status of 1e999', '400', rest('PUT', '/conversations/ID/status', '{"status": 1e999}')],
  [
    'a status that is an object with toString',
    '400',
    rest('PUT', '/conversations/ID/status', '{"status": {"toString": "OPEN"}}'),
  ],
  ['an agentId that is a list', '400', rest('PUT', '/conversations/ID/assign', '{"agentId": ["agt_a"]}')],
  [
    'a text that is true',
    '400',
    rest('POST', '/conversations', '{"email": "jane@example.com", "contentText": true}'),
  ],
  [
    'a body of 100,000 lists',
    '413',
    rest('POST', '/conversations', '['.repeat(100_000) + ']'.repeat(100_000)),
  ],
  ['a body of 9,000 lists', '400', rest('POST', '/conversations', '['.repeat(9_000) + ']'.repeat(9_000))],
  [
    'a __proto__ key',
    '400',
    rest('POST', '/conversations', '{"__proto__": {"email": "jane@example.com"}, "contentText": "Hi"}'),
  ],
  ['a limit of 1e2', '400', rest('GET', '/conversations?limit=1e2')],
  ['a limit of 10,000 digits', '400', rest('GET', `/conversations?limit=${'9'.repeat(10_000)}`)],
  ['a cursor in a list', '200', rest('GET', '/conversations?cursor[]=a&cursor[__proto__]=b')],
  [
    'a thousand parameters',
    '200',
    rest('GET', `/conversations?${each(1_000, i => `p${i}=1`).replaceAll(' ', '&')}`),
  ],
  ['encoded slashes in an id', '404', rest('PUT', '/conversations/ID%2f..%2fx/status', '{"status": "OPEN"}')],
  ['NUL in an id', '404', rest('PUT', '/conversations/ID%00/status', '{"status": "OPEN"}')],
  [
    'an id of 4,000 characters',
    '404',
    rest('PUT', `/conversations/${'a'.repeat(4_000)}/status`, '{"status": "OPEN"}'),
  ],
  ['a method that it has not', '404', rest('DELETE', '/conversations/ID', '{}')],
]

describe('the graph', () => {
  test.for([...requests, ...bombs])('is sent %s: %s', isAnswered)

  test('does not let a page of another origin read an answer', async ({ target }) => {
    const { url, authorization } = target.acme.client
    const headers = { authorization, 'content-type': 'application/json', origin: 'https://evil.example' }
    const answer = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
    expect([...answer.headers.keys()].filter(name => name.startsWith('access-control'))).toEqual([])
    await answer.text()
  })
})

describe('a REST path', () => {
  test.for(restBodies)('is sent %s: %s', isAnswered)
})

test('the gateway is as it was before', async ({ target, sizeBefore }) => {
  expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  await requireUnharmed(target, sizeBefore)
})
