import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { readTrustedDocuments } from '../../src/graphql/execution/trusted-documents.ts'
import { test as base, startedWith } from '../support/fixtures.ts'
import type { Answer, Client } from '../support/gateway.ts'
import { bareSocket, closeClients } from '../support/live.ts'

const path = 'test/graph/trusted-documents/relay-compiler.json'
const texts = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
const idOf = (name: string) => Object.keys(texts).find(id => texts[id]?.includes(name)) ?? ''
const [query, mutation, subscription] = ['query Inbox', 'mutation InboxClose', 'subscription Inbox'].map(idOf)
const variables = { first: 1 }

const test = startedWith(base, { trusted: readTrustedDocuments(path, true, readConfig({}).limits) })
afterEach(closeClients)

const post = async ({ url, authorization }: Client, body: object, accept = 'application/json') => {
  const headers = { 'content-type': 'application/json', authorization, accept }
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, text: () => response.text(), response }
}

const answerTo = async (caller: Client, body: object) => {
  const { status, text } = await post(caller, body)
  return { status, ...(JSON.parse(await text()) as Answer<unknown>) }
}

const get = async ({ url, authorization }: Client, parameters: Record<string, string>) => {
  const response = await fetch(`${url}/graphql?${new URLSearchParams(parameters)}`, {
    headers: { authorization },
  })
  return { status: response.status, ...((await response.json()) as Answer<unknown>) }
}

/** Sends one operation over a WebSocket, and returns the type and the payload of what comes back first. */
async function overWebSocket(caller: Client, payload: object) {
  const socket = bareSocket(caller)
  await once(socket, 'open')
  const next = async () => JSON.parse(String((await once(socket, 'message'))[0]))
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: caller.authorization } }))
  expect(await next()).toEqual({ type: 'connection_ack' })
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload }))
  return next()
}

const conversations = { conversations: { edges: [] } }
const forbidden = {
  message: 'Only trusted documents are executed here. Send the id of one.',
  extensions: { code: 'FORBIDDEN' },
}
const unknown = { message: 'There is no document with the id "abc".', extensions: { code: 'INVALID_INPUT' } }

describe('a trusted document', () => {
  test.for<[string, object]>([
    ['documentId', { documentId: query }],
    ['documentId with its algorithm', { documentId: `md5:${query}` }],
    ['id, with an empty text', { id: query, query: '' }],
    ['doc_id', { doc_id: query, query: null }],
    ['extensions.persistedQuery', { extensions: { persistedQuery: query } }],
    ['Apollo’s hash', { extensions: { persistedQuery: { version: 1, sha256Hash: query } } }],
    ['its own text', { query: texts[query ?? ''] }],
  ])('is named by %s', async ([_, named], { acme }) => {
    expect(await answerTo(acme.client, { ...named, variables })).toEqual({ status: 200, data: conversations })
  })

  test('is named in the URL of a GET', async ({ acme }) => {
    const asText = { variables: JSON.stringify(variables) }
    const expected = { status: 200, data: conversations }
    expect(await get(acme.client, { ...asText, documentId: query ?? '' })).toEqual(expected)
    const extensions = JSON.stringify({ persistedQuery: { version: 1, sha256Hash: query } })
    expect(await get(acme.client, { ...asText, extensions })).toEqual(expected)
    const written = await get(acme.client, { documentId: mutation ?? '', variables: '{"id":"thd_x"}' })
    expect(written).toMatchObject({ status: 405, errors: [{ extensions: { code: 'INVALID_INPUT' } }] })
  })

  test('is named over WebSocket', async ({ acme }) => {
    const payload = { query: '', documentId: query, variables }
    expect(await overWebSocket(acme.client, payload)).toMatchObject({
      type: 'next',
      payload: { data: conversations },
    })
  })

  test('is named by an event stream', async ({ acme }) => {
    const { id } = await newConversationByRest(acme.client, acme.id)
    const { response } = await post(acme.client, { documentId: subscription }, 'text/event-stream')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    await answerTo(acme.client, { documentId: mutation, variables: { id } })
    let heard = ''
    while (!heard.includes('"status":"CLOSED"')) heard += (await reader?.read())?.value
    await reader?.cancel()
    expect(heard).toMatch(/event: next/)
  })
})

describe('any other document', () => {
  const other = '{ __schema { queryType { name } } }'

  test('is refused over HTTP', async ({ acme }) => {
    expect(await answerTo(acme.client, { query: other })).toEqual({ status: 403, errors: [forbidden] })
    expect(await get(acme.client, { query: other })).toEqual({ status: 403, errors: [forbidden] })
    const both = await answerTo(acme.client, { query: other, documentId: query })
    expect(both).toEqual({ status: 403, errors: [forbidden] })
  })

  test('is refused over WebSocket and event streams', async ({ acme }) => {
    expect(await overWebSocket(acme.client, { query: other })).toEqual({
      type: 'error',
      id: '1',
      payload: [forbidden],
    })
    const { status, text } = await post(acme.client, { query: other }, 'text/event-stream')
    expect(status).toBe(403)
    expect(await text()).toContain(JSON.stringify({ errors: [forbidden] }))
  })

  test('is refused by its id', async ({ acme }) => {
    expect(await answerTo(acme.client, { documentId: 'abc' })).toEqual({ status: 200, errors: [unknown] })
    expect(await get(acme.client, { documentId: 'abc' })).toEqual({ status: 200, errors: [unknown] })
    expect(await overWebSocket(acme.client, { query: '', documentId: 'abc' })).toMatchObject({
      type: 'error',
      payload: [unknown],
    })
  })
})

/** The REST paths execute documents of the gateway's own. */
async function newConversationByRest({ rest }: Client, workspaceId: string): Promise<{ id: string }> {
  const path = `/v1/workspaces/${workspaceId}/support/inbox/conversations`
  const { status, body } = await rest('POST', path, { email: 'jane@example.com', contentText: 'Hi' })
  expect(status).toBe(201)
  return body.conversation
}
