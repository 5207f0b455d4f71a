import { describe, expect } from 'vitest'
import {
  type Attack,
  each,
  isAnswered,
  outcomeOf,
  type Row,
  requireUnharmed,
  send,
  sendQuery,
  test,
} from '../support/attack.ts'
import { newConversation, newWorkspace } from '../support/gateway.ts'

const conversations = (after: string, more: Record<string, unknown> = {}): Attack =>
  sendQuery(
    `query ($after: String, $orderBy: ConversationOrder) {
      conversations(first: 1, after: $after, orderBy: $orderBy) { edges { node { id } } }
    }`,
    { after, ...more },
  )

const forged = (text: string) => Buffer.from(text).toString('base64url')

/** A cursor that another list has written. */
const cursorOf =
  (list: string, use: (cursor: string) => Attack): Attack =>
  async target => {
    await newConversation(target.acme.client)
    type Page = Record<string, { edges: { cursor: string }[] }>
    const { data } = await target.acme.client.graphql<Page>(`{ ${list} { edges { cursor } } }`)
    return use(Object.values(data)[0]?.edges[0]?.cursor ?? '')(target)
  }

const cursors: Row[] = [
  ['of another list', '200 BAD_CURSOR', cursorOf('contacts(first: 1)', conversations)],
  [
    'of the same list in another order',
    '200 BAD_CURSOR',
    cursorOf('conversations(first: 1)', cursor =>
      conversations(cursor, { orderBy: { field: 'CREATED_AT', direction: 'ASC' } }),
    ),
  ],
  [
    'with a padded encoding',
    '200 BAD_CURSOR',
    cursorOf('conversations(first: 1)', cursor => conversations(`${cursor}=`)),
  ],
  ['that is no base64', '200 BAD_CURSOR', conversations('\u0000%%%')],
  ['of a year that no date has', '200 BAD_CURSOR', conversations(forged('conversations:zzzzzzzzz:thd_a'))],
  [
    'with SQL in its id',
    '200 BAD_CURSOR',
    conversations(forged("conversations:1:thd_a'; drop table message; --")),
  ],
  ['of a megabyte', '200 BAD_CURSOR', conversations('a'.repeat(1_000_000))],
  [
    'of the log of another workspace',
    '200 BAD_CURSOR',
    async target => {
      const other = await newWorkspace(target.gateway)
      const { cursor } = await newConversation(other.client)
      return sendQuery('subscription ($c: EventCursor) { conversationEvents(after: $c) { cursor } }', {
        c: cursor,
      })(target)
    },
  ],
  [
    'of the log, far ahead of it',
    '200 BAD_CURSOR',
    async target => {
      const { cursor } = await newConversation(target.acme.client)
      const ahead = `${cursor.slice(0, 8)}vvvvvvvvvvv`
      return sendQuery('subscription ($c: EventCursor) { conversationEvents(after: $c) { cursor } }', {
        c: ahead,
      })(target)
    },
  ],
  [
    'of the log, far ahead of it, in a list',
    '200',
    async target => {
      const { cursor, id } = await newConversation(target.acme.client)
      const after = `${cursor.slice(0, 8)}vvvvvvvvvvv`
      return sendQuery(
        'query ($id: ID!, $after: String) { conversation(id: $id) { events(after: $after) { edges { cursor } } } }',
        { id, after },
      )(target)
    },
  ],
  [
    'as Last-Event-ID that is no cursor',
    '200 BAD_CURSOR',
    target =>
      send(target, '/graphql', {
        method: 'POST',
        headers: { accept: 'text/event-stream', 'last-event-id': '../../etc/passwd' },
        body: JSON.stringify({ query: 'subscription { conversationEvents { cursor } }' }),
      }),
  ],
]

const agents = (first: unknown): Attack =>
  sendQuery('query ($n: Int) { agents(first: $n) { edges { node { id } } } }', { n: first })

const sizes: Row[] = [
  ['0', '200 INVALID_INPUT', agents(0)],
  ['-1', '200 INVALID_INPUT', agents(-1)],
  ['101', '200 INVALID_INPUT', agents(101)],
  ['2^31 - 1', '200 INVALID_INPUT', agents(2_147_483_647)],
  ['-2^31', '200 INVALID_INPUT', agents(-2_147_483_648)],
  ['2^31', '200 INVALID_INPUT', agents(2_147_483_648)],
  ['1.5', '200 INVALID_INPUT', agents(1.5)],
  ['1e300', '200 INVALID_INPUT', agents(1e300)],
  ['a text', '200 INVALID_INPUT', agents('1; select 1')],
  ['a list', '200 INVALID_INPUT', agents([[1]])],
  [
    'first and last',
    '200 INVALID_INPUT',
    sendQuery('{ agents(first: 1, last: 1) { edges { node { id } } } }'),
  ],
]

const filtered = (filter: unknown): Attack =>
  sendQuery('query ($f: ConversationFilter) { conversations(filter: $f) { edges { node { id } } } }', {
    f: filter,
  })

const create = (input: object): Attack =>
  sendQuery(
    'mutation ($i: CreateConversationInput!) { createConversation(input: $i) { conversation { id } userErrors { code } } }',
    { i: { email: 'jane@example.com', contentText: 'Hi', ...input } },
  )

const nodes = (ids: unknown): Attack => sendQuery('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids })

const values: Row[] = [
  ['5,000 ids at once', '200 INVALID_INPUT', nodes(Array(5_000).fill('thd_a'))],
  ['ids that are lists of lists', '200 INVALID_INPUT', nodes([[['thd_a']]])],
  [
    '100 ids with NUL, of every kind',
    '200',
    nodes(['', '\0', 'wrk_', 'thd_\0', '__proto__', 'evt_', 'msg_..', "'"]),
  ],
  ['an id of a megabyte', '200', nodes(['thd_'.padEnd(1_000_000, 'a')])],
  ['5,000 values in a filter', '200 INVALID_INPUT', filtered({ contactId: Array(5_000).fill('ctc_a') })],
  ['5,000 statuses in a filter', '200 INVALID_INPUT', filtered({ status: Array(5_000).fill('OPEN') })],
  [
    '100,000 unknown statuses in a filter',
    '413 LIMIT_EXCEEDED',
    filtered({ status: Array(100_000).fill('X') }),
  ],
  ['9,000 unknown statuses in a filter', '200 INVALID_INPUT', filtered({ status: Array(9_000).fill('X') })],
  ['a date of the year 0', '200', filtered({ createdAt: { from: '0000-01-01T00:00:00Z' } })],
  [
    'a date that no calendar has',
    '200 INVALID_INPUT',
    filtered({ createdAt: { from: '2024-02-31T25:61:61Z' } }),
  ],
  [
    'a date of the year 275,760',
    '200 INVALID_INPUT',
    filtered({ createdAt: { from: '+275760-09-13T00:00:01Z' } }),
  ],
  ['a field of another language', '200 INVALID_INPUT', filtered({ $where: 'sleep(1000)' })],
  ['NUL in a text', '200 INVALID_INPUT', create({ contentText: 'a\0b' })],
  ['a lone surrogate in a text', '200 INVALID_INPUT', create({ contentText: 'a\ud800b' })],
  ['a text of white space', '200 INVALID_INPUT', create({ contentText: '\u2003\n\t ' })],
  ['a text of 100,001 emoji', '200 INVALID_INPUT', create({ contentText: '😀'.repeat(100_001) })],
  ['SQL in a text', '200', create({ contentText: "'); drop table message; --" })],
  ['a line break in a subject', '200 INVALID_INPUT', create({ subject: 'a\r\nBcc: victim@example.com' })],
  ['a line break in a name', '200 INVALID_INPUT', create({ name: 'a\nb' })],
  ['two addresses', '200 INVALID_INPUT', create({ email: 'a@example.com, b@example.com' })],
  ['an address with a header', '200 INVALID_INPUT', create({ email: 'a@example.com\r\nBcc: b@example.com' })],
  ['an address that is costly to match', '200 INVALID_INPUT', create({ email: `${'a.'.repeat(200_000)}@` })],
  ['an address of 60,000 labels', '200 INVALID_INPUT', create({ email: `a@${'a.'.repeat(60_000)}com` })],
  [
    'an idempotency key of 10,000 characters',
    '200 INVALID_INPUT',
    create({ idempotencyKey: 'k'.repeat(10_000) }),
  ],
  ['an idempotency key with line breaks', '200 INVALID_INPUT', create({ idempotencyKey: 'k\r\nX: y' })],
]

describe('a cursor', () => {
  test.for(cursors)('%s: %s', isAnswered)
})

describe('a page size', () => {
  test.for(sizes)('of %s: %s', isAnswered)
})

describe('a value', () => {
  test.for(values)('that is %s: %s', isAnswered)
})

test('a cursor that is wrong 1,000 times, behind 12,000 line breaks, is refused', async ({ target }) => {
  const { id } = await newConversation(target.acme.client)
  const pages = each(30, index => `a${index}: messages(first: 1, after: "x") { pageInfo { hasNextPage } }`)
  const query = `${'\n'.repeat(12_000)}query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Conversation { ${pages} } } }`
  expect(await outcomeOf(target, sendQuery(query, { ids: Array(34).fill(id) }))).toBe('200 BAD_CURSOR')
})

test('the gateway is as it was before', async ({ target, sizeBefore }) => {
  await requireUnharmed(target, sizeBefore)
})
