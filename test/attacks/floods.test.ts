import { once } from 'node:events'
import { expect } from 'vitest'
import { test as base, each, outcomeOf, requireUnharmed, send, type Target } from '../support/attack.ts'
import { startedWith } from '../support/fixtures.ts'
import { acknowledged, bareSocket, closed, overSocket, socketClient } from '../support/live.ts'

const test = startedWith(base, {
  limits: {
    maxOperationsPerSocket: 30,
    maxBroadcastsPerKey: 10,
    maxStreamsPerKey: 5,
    maxSocketsPerKey: 10,
  },
})

/** Opens these operations on one socket, and returns the codes of those that are refused. */
const opened =
  (count: number, query: (index: number) => string) =>
  async ({ acme }: Target) => {
    const stock = socketClient(acme.client)
    const opened = Array.from({ length: count }, (_, index) => overSocket(stock, query(index)))
    const refused = await Promise.race(opened.map(({ ended }) => ended))
    await stock.dispose()
    const text = JSON.stringify([refused, opened.map(({ errors }) => errors)])
    return { outcome: /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? 'open', text }
  }

test('a flood of operations on one socket is refused', async ({ target }) => {
  const flood = opened(40, () => 'subscription { conversationCountsChanged { open } }')
  expect(await outcomeOf(target, flood)).toBe('LIMIT_EXCEEDED')
})

test('a flood of different subscriptions is refused', async ({ target }) => {
  const flood = opened(20, index => `subscription { conversationEvents { a${index}: cursor } }`)
  expect(await outcomeOf(target, flood)).toBe('LIMIT_EXCEEDED')
})

test('a flood of different subscriptions to the counts is refused', async ({ target }) => {
  const flood = opened(20, index => `subscription { conversationCountsChanged { a${index}: open } }`)
  expect(await outcomeOf(target, flood)).toBe('LIMIT_EXCEEDED')
})

test('different subscriptions that are dear together are refused', async ({ target }) => {
  const page = 'conversations(first: 40) { edges { node { messages(first: 90) { edges { node { id } } } } } }'
  const flood = opened(
    5,
    i => `subscription { conversationEvents { conversation { contact { a${i}: ${page} } } } }`,
  )
  expect(await outcomeOf(target, flood)).toBe('LIMIT_EXCEEDED')
})

test('a flood of event streams is refused', async ({ target }) => {
  const { url, authorization } = target.acme.client
  const over = new AbortController()
  const headers = { authorization, 'content-type': 'application/json', accept: 'text/event-stream' }
  const body = JSON.stringify({ query: 'subscription { conversationEvents { cursor } }' })
  const init = { method: 'POST', headers, body, signal: over.signal }
  await Promise.all(Array.from({ length: 5 }, () => fetch(`${url}/graphql`, init)))
  const next = (target: Target) => send(target, '/graphql', { method: 'POST', headers, body })
  expect(await outcomeOf(target, next)).toBe('200 LIMIT_EXCEEDED')
  over.abort()
})

test('a flood of sockets is closed with 1013', async ({ target }) => {
  await Promise.all(Array.from({ length: 10 }, () => acknowledged(target.acme.client)))
  const next = async ({ acme }: Target) => {
    const socket = bareSocket(acme.client)
    await once(socket, 'open')
    const { authorization } = acme.client
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }))
    return { outcome: String(await closed(socket)), text: '' }
  }
  expect(await outcomeOf(target, next)).toBe('1013')
})

test('200 sockets without a key are all closed with 4408', async ({ target }) => {
  const flood = async ({ acme }: Target) => {
    const codes = await Promise.all(Array.from({ length: 200 }, () => closed(bareSocket(acme.client))))
    return { outcome: [...new Set(codes)].join(' and '), text: '' }
  }
  expect(await outcomeOf(target, flood, 4_000)).toBe('4408')
})

test('100 mutations in one document are refused, 30 of them are executed', async ({ target }) => {
  const mutation = (count: number) =>
    `mutation { ${each(count, i => `a${i}: setConversationUnread(input: { conversationId: "thd_a", isUnread: true }) { userErrors { code } }`)} }`
  const flood = (count: number) => (target: Target) =>
    send(target, '/graphql', { method: 'POST', body: JSON.stringify({ query: mutation(count) }) })
  expect(await outcomeOf(target, flood(100))).toBe('400 LIMIT_EXCEEDED')
  // These are thirty changes one after the other, and may take thirty times as long as one.
  expect(await outcomeOf(target, flood(30), 100)).toBe('200 NOT_FOUND')
})

test('the gateway is as it was before', async ({ target, sizeBefore }) => {
  await requireUnharmed(target, sizeBefore)
})
