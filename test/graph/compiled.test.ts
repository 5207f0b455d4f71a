import { setImmediate as nextTurn } from 'node:timers/promises'
import { execute } from 'graphql'
import { expect } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { createCompiler } from '../../src/graphql/execution/compile.ts'
import { createPrepare, type PreparedOperation } from '../../src/graphql/execution/prepare.ts'
import type { Context } from '../../src/graphql/schema/context.ts'
import { schema, uncountedSchema } from '../../src/graphql/schema/schema.ts'
import { change } from '../support/conversations.ts'
import { startedWith } from '../support/fixtures.ts'
import { newConversation, newWorkspace, startGateway, type Workspace } from '../support/gateway.ts'
import { socketClient } from '../support/live.ts'
import { test as base, subscribed } from '../support/live-fixtures.ts'

type Request = { query: string; variables?: object; operationName?: string }

const inbox = `query Inbox($first: Int!, $filter: ConversationFilter, $last: Int!) {
  conversations(first: $first, filter: $filter) { totalCount edges { cursor node { ...Row } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }
  fragment Row on Conversation { id status source subject isUnread lastMessageAt lastMessagePreview
    contact { id email name avatarUrl } assignedTo { id name } channel { id }
    messages(last: $last) { edges { node { id text author { __typename id name } } } }
    newest: messages(last: 1) { edges { node { preview createdAt } } } }`
const variables = { first: 2, filter: { status: ['OPEN', 'CLOSED'] }, last: 3 }

// A kept answer would be sent instead.
const test = startedWith(base, { limits: { maxKeptAnswerBytes: 0 } })

/** Requests that are executed by graphql-js at first and compiled later. */
const requestsOf = (id: string, contactId: string): Record<string, Request> => ({
  'a page with fragments, aliases, directives and variables': { query: inbox, variables },
  'a page with directives': {
    query: `query ($yes: Boolean!) { conversations(first: 1) { edges { node { subject @skip(if: $yes) status @include(if: $yes) } } } }`,
    variables: { yes: true },
  },
  'the first of two operations': {
    query: 'query A { viewer { __typename id name } } query B { workspace { id name } }',
    operationName: 'A',
  },
  'the second of two operations': {
    query: 'query A { viewer { __typename id name } } query B { workspace { id name } }',
    operationName: 'B',
  },
  'fragments on interfaces': {
    query: `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ...C ... on Contact { email conversations(first: 1) {
      totalCount edges { node { id } } } } } } fragment C on Conversation { subject contact { ... on Node { id } } }`,
    variables: { ids: [id, contactId, 'thd_absent', 'x'] },
  },
  'events of several types': {
    query: `query ($id: ID!) { conversation(id: $id) { events(first: 10) { edges { cursor node { __typename id cursor
      occurredAt actor { __typename id } conversation { id } ... on ConversationStatusChanged { previousStatus status }
      ... on MessageAdded { message { id preview } } } } } } }`,
    variables: { id },
  },
  'fields that are merged': {
    query:
      '{ workspace { id } workspace { name conversationCounts { open } } ...W } fragment W on Query { workspace { conversationCounts { closed } } }',
  },
  'a fragment that is spread with a condition and without one': {
    query: `query ($no: Boolean!, $id: ID!) { x: conversation(id: $id) { id ...R @include(if: $no) } y: conversation(id: $id) { ...R }
      workspace { ...F @include(if: $no) ...F } } fragment R on Conversation { subject status } fragment F on Workspace { name }`,
    variables: { no: false, id },
  },
  'two operations of which one has a condition': {
    query: `query A($no: Boolean!) { workspace { ...F @include(if: $no) } } query B { workspace { ...F } }
      fragment F on Workspace { name id }`,
    operationName: 'B',
  },
  'an alias that is the prototype': { query: '{ workspace { __proto__: id name } }' },
  'null where a row is missing': { query: '{ conversation(id: "thd_absent") { id contact { id } } }' },
  'a default of a variable': {
    query: 'query ($first: Int = 1) { contacts(first: $first) { edges { node { id } } } }',
  },
  'an error in a nullable field': {
    query: '{ a: workspace { id } contact(id: "ctc_absent") { id } agents(first: 0) { edges { cursor } } }',
  },
  'an error that makes its parent null': {
    query: 'query ($id: ID!) { conversation(id: $id) { id messages(after: "x") { edges { cursor } } } }',
    variables: { id },
  },
  'a variable of a wrong type': { query: inbox, variables: { ...variables, first: 'two' } },
  'a variable that is missing': { query: inbox, variables: { first: 1 } },
  'a wrong enum value in an input object': {
    query: inbox,
    variables: { ...variables, filter: { status: ['open'] } },
  },
  'an unknown field of an input object': {
    query: inbox,
    variables: { ...variables, filter: { nothing: 1 } },
  },
  'times in an input object': {
    query: inbox,
    variables: { ...variables, filter: { createdAt: { from: '2000-01-01T00:00:00+02:00' } } },
  },
  'a wrong time': { query: inbox, variables: { ...variables, filter: { createdAt: { from: 'now' } } } },
})

async function send({ client }: Workspace, request: Request): Promise<string> {
  const response = await fetch(`${client.url}/graphql`, {
    method: 'POST',
    headers: { authorization: client.authorization, 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
  return `${response.status} ${response.headers.get('content-type')} ${await response.text()}`
}

test('a query has the same answer when it is compiled, errors included', async ({ acme }) => {
  const { client, agentId } = acme
  const conversations = await Promise.all(
    [1, 2, 3].map(index => newConversation(client, `c${index}@example.com`)),
  )
  const { id = '', contactId = '' } = conversations[0] ?? {}
  await change(client, id, 'CLOSED', agentId)
  for (const [name, request] of Object.entries(requestsOf(id, contactId))) {
    const first = await send(acme, request)
    for (const again of ['second', 'third', 'fourth'])
      expect(await send(acme, request), `${name}, ${again}`).toBe(first)
  }
})

const { limits } = readConfig({})

test('the code of queries stays within its bound, and the least recently used is dropped', async () => {
  const prepare = createPrepare(schema, limits).prepare
  const compiledOf = createCompiler(uncountedSchema, { trySpend: () => true })
  const fields = Array.from(
    { length: 29 },
    (_, index) => `a${index}: conversationCounts { open closed archived unread unassigned }`,
  )
  const operations = Array.from({ length: 180 }, (_, index) => {
    const operation = prepare(`query Q${index} { workspace { ${fields.join(' ')} } }`)
    if ('errors' in operation) throw operation.errors[0]
    return operation
  })
  // Each has 175 fields, so 159 of them fit into 28,000.
  for (const operation of operations)
    for (const _ of [1, 2]) {
      compiledOf(operation, 'key_a')
      await nextTurn()
    }
  const kept = operations.filter(operation => compiledOf(operation, 'key_a') !== null)
  expect(kept).toHaveLength(159)
  expect(kept).not.toContain(operations[0])
})

test('a subscription is compiled only while there is room for its code', async () => {
  const prepare = createPrepare(schema, limits).prepare
  const compiledOf = createCompiler(uncountedSchema, { trySpend: () => true })
  const aliases = Array.from({ length: 29 }, (_, index) => `a${index}: contact { id name email }`).join(' ')
  const operations = Array.from({ length: 250 }, (_, index) => {
    const operation = prepare(
      `subscription S${index} { conversationStatusChanged { conversation { ${aliases} } } }`,
    )
    if ('errors' in operation) throw operation.errors[0]
    return operation
  })
  // Each has 118 fields, so 235 of them fit into 28,000.
  for (const operation of operations)
    for (let index = 0; index < 10; index++) {
      compiledOf(operation, 'key_a')
      if (index === 9) await nextTurn()
    }
  const compiled = operations.map(operation => compiledOf(operation, 'key_a') !== null)
  expect(compiled.indexOf(false)).toBeGreaterThan(200)
  expect(compiled.slice(0, compiled.indexOf(false)).every(each => each)).toBe(true)
  expect(compiled.at(-1)).toBe(false)
})

test('a query that comes often while it waits is compiled once, and leaves places for others', async () => {
  const prepare = createPrepare(schema, limits).prepare
  let spent = 0
  const compiledOf = createCompiler(uncountedSchema, { trySpend: () => ++spent > 0 })
  const operations = ['{ workspace { id } }', '{ workspace { name } }'].map(query => {
    const operation = prepare(query)
    if ('errors' in operation) throw operation.errors[0]
    return operation
  })
  for (const operation of operations) for (let index = 0; index < 300; index++) compiledOf(operation, 'key_a')
  expect(spent).toBe(2)
  for (const _ of operations) await nextTurn()
  await nextTurn()
  expect(operations.map(operation => compiledOf(operation, 'key_a') !== null)).toEqual([true, true])
})

test('a query that finds no place to wait is compiled when it comes again', async () => {
  const prepare = createPrepare(schema, limits).prepare
  const compiledOf = createCompiler(uncountedSchema, { trySpend: () => true })
  const operations = Array.from({ length: 101 }, (_, index) => {
    const operation = prepare(`query Q${index} { workspace { id } }`)
    if ('errors' in operation) throw operation.errors[0]
    return operation
  })
  for (const operation of operations) for (const _ of [1, 2]) compiledOf(operation, 'key_a')
  for (const _ of operations) await nextTurn()
  const compiled = operations.map(operation => compiledOf(operation, 'key_a') !== null)
  expect(compiled.indexOf(false)).toBe(100)
  await nextTurn()
  expect(compiledOf(operations[100] as PreparedOperation, 'key_a')).not.toBeNull()
})

test('a compiled query with errors is executed again, and paid for again', async ({ onTestFinished }) => {
  const gateway = await startGateway({ limits: { maxCostPerMinute: 10_000 } })
  onTestFinished(gateway.close)
  const acme = await newWorkspace(gateway)
  const query =
    '{ conversations(first: 100) { edges { node { id } } } contacts(after: "x") { edges { cursor } } }'
  let sent = 0
  for (let answer = ''; !answer.includes('RATE_LIMITED') && sent < 200; sent++)
    answer = await send(acme, { query })
  // It costs 127, so the budget has 78 of it, or 39 that are paid for twice, and what runs out of it meanwhile.
  expect(sent).toBeLessThan(65)
})

async function compiledAt(query: string, sightings: number, trySpend = () => true): Promise<boolean> {
  const operation = createPrepare(schema, limits).prepare(query)
  if ('errors' in operation) throw operation.errors[0]
  const compiledOf = createCompiler(uncountedSchema, { trySpend })
  for (let sighting = 1; sighting < sightings; sighting++) {
    compiledOf(operation, 'key_a')
    await nextTurn()
  }
  return compiledOf(operation, 'key_a') !== null
}

test('a query is compiled when it comes for the second time, if its key can pay for it', async () => {
  expect(await compiledAt(inbox, 2)).toBe(false)
  expect(await compiledAt(inbox, 3)).toBe(true)
  expect(await compiledAt(inbox, 3, () => false)).toBe(false)
})

test('a subscription is compiled at its tenth event', async () => {
  const subscription = 'subscription { conversationEvents { id cursor conversation { status } } }'
  expect(await compiledAt(subscription, 10)).toBe(false)
  expect(await compiledAt(subscription, 11)).toBe(true)
})

test('the compiled selection of a subscription is executed for the event', async () => {
  const query = `subscription S { changed: conversationEvents(types: [CONVERSATION_STATUS_CHANGED]) {
    __typename id cursor occurredAt ... on ConversationStatusChanged { previousStatus status } } }`
  const operation = createPrepare(schema, limits).prepare(query)
  if ('errors' in operation) throw operation.errors[0]
  const compiledOf = createCompiler(uncountedSchema, { trySpend: () => true })
  for (let index = 0; index < 10; index++) compiledOf(operation, 'key_a')
  await nextTurn()
  const event = {
    workspaceId: 'wrk_a',
    seq: 7,
    type: 'CONVERSATION_STATUS_CHANGED',
    occurredAt: new Date(0),
    data: { previousStatus: 'OPEN', status: 'CLOSED' },
  }
  const context = {} as Context
  const result = await compiledOf(operation, 'key_a')?.(event, context, {})
  expect(result).toMatchObject({ data: { changed: { previousStatus: 'OPEN', status: 'CLOSED' } } })
  const { document } = operation
  expect(result).toEqual(await execute({ schema, document, rootValue: event, contextValue: context }))
})

/** Selections of events that are executed by graphql-js at first and compiled later. */
const subscriptions: Record<string, Request> = {
  'fragments on the types of an interface': {
    query: `subscription { conversationEvents { __typename actor { __typename id } conversation { id status }
      ... on ConversationStatusChanged { ...S } ... on MessageAdded { message { text } } } }
      fragment S on ConversationStatusChanged { previousStatus status }`,
  },
  'aliases and variables': {
    query: `subscription ($last: Int!, $id: ID) { changed: conversationStatusChanged(conversationId: $id) {
      status conversation { c: contact { name email } messages(last: $last) { edges { node { text preview } } } } } }`,
    variables: { last: 1 },
  },
  'a literal argument': {
    query: `subscription { conversationEvents(types: [CONVERSATION_STATUS_CHANGED]) { conversation { status channel { name } } } }`,
  },
  'an error in each': {
    query: `subscription { conversationStatusChanged { status conversation { messages(after: "x") { edges { cursor } } } } }`,
  },
}

test('an event has the same answer when its subscription is compiled, errors included', async ({ acme }) => {
  const { client } = acme
  const { id } = await newConversation(client)
  const heard = Object.entries(subscriptions).map(([name, { query, variables }]) => {
    const frames: string[] = []
    const socket = socketClient(client)
    socket.subscribe(
      { query, variables: { ...variables } },
      {
        next: frame => frames.push(JSON.stringify(frame).replace(/"cursor":"[^"]+"/, '"cursor":""')),
        error: error => frames.push(JSON.stringify(error)),
        complete: () => {},
      },
    )
    return { name, frames }
  })
  await subscribed(acme.client, heard.length)
  const times = 24
  for (let index = 0; index < times; index++) {
    await change(client, id, index % 2 === 0 ? 'CLOSED' : 'OPEN', null)
    for (const { name, frames } of heard)
      await expect.poll(() => frames.length, { message: name }).toBe(index + 1)
  }
  for (const { name, frames } of heard) {
    expect(
      frames.filter((_, index) => index % 2 === 0),
      name,
    ).toEqual(Array(times / 2).fill(frames[0]))
    expect(
      frames.filter((_, index) => index % 2 === 1),
      name,
    ).toEqual(Array(times / 2).fill(frames[1]))
  }
})

const events = (inner: string) => `events(first: 1) { edges { node { conversation { ${inner} } } } }`

test.for([
  ['a mutation', 'mutation { addNote(input: { conversationId: "x", contentText: "x" }) { cursor } }'],
  ['the introspection', '{ __schema { types { name } } }'],
  ['the introspection of a type', '{ __type(name: "Query") { name } }'],
  [
    'a query whose code would be far longer than itself',
    `{ conversation(id: "x") { ${events(events(events('id subject status source')))} } }`,
  ],
  ['a query with a directive', '{ workspace { id @include(if: true) } }'],
  [
    'a query of fragments that double 60 times below a field',
    `{ workspace { ...f0 } } ${Array.from({ length: 60 }, (_, i) => `fragment f${i} on Workspace { ...f${i + 1} ...f${i + 1} }`).join(' ')} fragment f60 on Workspace { id }`,
  ],
])('%s is never compiled', async ([, query]) => {
  expect(await compiledAt(query ?? '', 5)).toBe(false)
})
