import { expect } from 'vitest'
import { test } from '../support/fixtures.ts'
import type { Client } from '../support/gateway.ts'

type Request = { body: object; accept?: string; headers?: Record<string, string> }

/** What a client sees of the answer to a request; Yoga answers where the address has a query. */
async function answerTo({ url, authorization }: Client, { body, accept, headers }: Request, byYoga: boolean) {
  const response = await fetch(`${url}/graphql${byYoga ? '?yoga' : ''}`, {
    method: 'POST',
    headers: {
      authorization,
      'content-type': 'application/json',
      ...(accept === undefined ? {} : { accept }),
      ...headers,
    },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  const names = ['content-type', 'content-length', 'cache-control', 'vary', 'ratelimit-policy']
  return { status: response.status, headers: names.map(name => response.headers.get(name)), text }
}

const query = '{ workspace { name } }'
const accepts = [
  undefined,
  '*/*',
  'application/json',
  'application/graphql-response+json',
  'application/graphql-response+json, application/json',
  'application/graphql-response+json,application/json;q=0.9',
  'application/json, application/graphql-response+json',
  'text/html',
  'constructor',
  'text/event-stream',
]
const bodies: [string, object][] = [
  ['a query', { query }],
  ['a query with empty variables', { query, variables: null, operationName: null }],
  ['a query with a header for its cost', { query }],
  [
    'a mutation',
    {
      query:
        'mutation { setConversationUnread(input: { conversationId: "x", isUnread: true }) { userErrors { code } } }',
    },
  ],
  ['an error of a field', { query: '{ agents(first: 0) { edges { cursor } } }' }],
  ['a syntax error', { query: '{' }],
  ['no query', { variables: {} }],
  ['an empty query', { query: '' }],
  ['an unknown operation', { query, operationName: 'A' }],
  ['variables that are a list', { query, variables: [] }],
  ['an unknown parameter', { query, other: 1 }],
  ['an id of a document', { id: 'x' }],
  ['extensions', { query, extensions: {} }],
]

test.for(bodies)(
  '%s is answered directly as by Yoga, for each header Accept',
  async ([name, body], { acme: { client } }) => {
    const headers = name.includes('cost') ? { 'x-query-cost': '1' } : {}
    for (const accept of accepts) {
      const request = { body, headers, ...(accept === undefined ? {} : { accept }) }
      expect(await answerTo(client, request, false), accept).toEqual(await answerTo(client, request, true))
    }
  },
)
