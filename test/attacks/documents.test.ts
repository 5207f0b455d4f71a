import { getIntrospectionQuery } from 'graphql'
import { describe } from 'vitest'
import {
  each,
  isAnswered,
  post,
  type Row,
  requireUnharmed,
  send,
  sendQuery,
  test,
} from '../support/attack.ts'

const deep = (levels: number) => `{ viewer ${'{ id '.repeat(levels)} ${'}'.repeat(levels)} }`
const list = (levels: number) => `{ node(id: ${'['.repeat(levels)}${']'.repeat(levels)}) { id } }`
const chain = (count: number) =>
  `{ ...f0 } ${each(count, i => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`)} fragment f${count} on Query { viewer { id } }`
const chainBelow = (count: number) =>
  `{ workspace { ...f0 } } ${each(count, i => `fragment f${i} on Workspace { ...f${i + 1} ...f${i + 1} }`)} fragment f${count} on Workspace { id }`
const rows = '{ edges { node { id } } }'
const page = (inner: string) => `conversations(first: 100) { edges { node { ${inner} } } }`
const nestedTypes = (levels: number): string =>
  levels === 0 ? 'name' : `fields { type { ${nestedTypes(levels - 1)} } }`
const nestedOwners = page(`assignedTo { ${page(`assignedTo { ${page('id')} }`)} }`)
const introspectionFragments = getIntrospectionQuery().replace(/^.*?(?=fragment FullType)/s, '')
const unknownFields = each(1_000, () => 'x')
const subscriptionWith = (directive: string) =>
  `subscription { conversationStatusChanged ${directive} { status } }`

const tooMuch: Row[] = [
  ['a query 20 levels deep', '400 LIMIT_EXCEEDED', sendQuery(deep(20))],
  ['a query 400 levels deep', '400 LIMIT_EXCEEDED', sendQuery(deep(400))],
  ['a query 100,000 levels deep', '400 LIMIT_EXCEEDED', sendQuery(deep(100_000))],
  ['a list literal 450 levels deep', '200 INVALID_INPUT', sendQuery(list(450))],
  ['a list literal 8,000 levels deep', '400 LIMIT_EXCEEDED', sendQuery(list(8_000))],
  ['31 aliases', '400 LIMIT_EXCEEDED', sendQuery(`{ ${each(31, i => `a${i}: viewer { id }`)} }`)],
  ['10,000 aliases', '400 LIMIT_EXCEEDED', sendQuery(`{ ${each(10_000, i => `a${i}: __typename`)} }`)],
  ['900 times the same field', '200 INVALID_INPUT', sendQuery(`{ ${each(900, () => '__typename')} }`)],
  ['10,000 times the same field', '400 LIMIT_EXCEEDED', sendQuery(`{ ${each(10_000, () => 'viewer{id}')} }`)],
  ['fragments that double 60 times', '200', sendQuery(chain(60))],
  ['fragments that double 13 times', '200', sendQuery(chain(13))],
  [
    'fragments that double 60 times below a field, for the third time',
    '200',
    async target => {
      const again = sendQuery(chainBelow(60))
      for (let time = 1; time < 3; time++) await again(target)
      return again(target)
    },
  ],
  ['a fragment that spreads itself', '200 INVALID_INPUT', sendQuery('{ ...a } fragment a on Query { ...a }')],
  [
    'a cycle of 50 fragments',
    '200 INVALID_INPUT',
    sendQuery(`{ ...f0 } ${each(50, i => `fragment f${i} on Query { ...f${(i + 1) % 50} }`)}`),
  ],
  [
    '200 directives on a field',
    '400 LIMIT_EXCEEDED',
    sendQuery(`{ viewer ${each(200, () => '@x')} { id } }`),
  ],
  [
    '51 directives that are known',
    '400 LIMIT_EXCEEDED',
    sendQuery(`{ ${each(51, i => `a: viewer @skip(if: ${i > 60}) { id }`)} }`),
  ],
  [
    'an array of 1,000 operations',
    '400 INVALID_INPUT',
    post(JSON.stringify(Array(1_000).fill({ query: '{ __typename }' }))),
  ],
  [
    '200 operations in one document',
    '400 INVALID_INPUT',
    sendQuery(each(200, i => `query q${i} { __typename }`)),
  ],
  [
    '300 variable definitions',
    '400 LIMIT_EXCEEDED',
    sendQuery(`query (${each(300, i => `$v${i}: Int`)}) { __typename }`),
  ],
  [
    'introspection in a circle',
    '200 INVALID_INPUT',
    sendQuery(`{ __schema { types { ${nestedTypes(12)} } } }`),
  ],
  ['full introspection', '200', sendQuery(getIntrospectionQuery())],
  [
    'full introspection under 30 aliases',
    '400 LIMIT_EXCEEDED',
    sendQuery(`{ ${each(30, i => `a${i}: __schema { types { ...FullType } }`)} } ${introspectionFragments}`),
  ],
  [
    'a megabyte of line breaks before 900 errors',
    '400 LIMIT_EXCEEDED',
    sendQuery(`${'\n'.repeat(500_000)}{ ${unknownFields} }`),
  ],
  [
    '16 kB of line breaks and 900 errors',
    '200 INVALID_INPUT',
    sendQuery(`${'\n'.repeat(14_000)}{ ${each(900, () => 'x')} }`),
  ],
  ['a comment of 900 kB', '400 LIMIT_EXCEEDED', sendQuery(`# ${'x'.repeat(900_000)}\n{ __typename }`)],
  [
    'a block string of 16 kB of quotes',
    '200 INVALID_INPUT',
    sendQuery(`{ node(id: """${'\\"""'.repeat(4_000)}""") { nothing } }`),
  ],
  ['a type definition', '200 INVALID_INPUT', sendQuery('{ __typename } type Query { x: Int }')],
  [
    '@include on the root of a subscription',
    '200 INVALID_INPUT',
    sendQuery(subscriptionWith('@include(if: false)')),
  ],
  [
    '@skip on the root of a subscription',
    '200 INVALID_INPUT',
    sendQuery(subscriptionWith('@skip(if: true)')),
  ],
  [
    'two roots in a subscription',
    '200 INVALID_INPUT',
    sendQuery('subscription { a: conversationCountsChanged { open } b: conversationCountsChanged { open } }'),
  ],
]

const tooDear: Row[] = [
  [
    'agents with conversations with agents with conversations',
    '400 LIMIT_EXCEEDED',
    sendQuery(`{ agents(first: 100) { edges { node { ${nestedOwners} } } } }`),
  ],
  [
    'four lists with a filter that no index serves',
    '400 LIMIT_EXCEEDED',
    sendQuery(
      `{ ${each(4, i => `a${i}: conversations(first: 1, filter: { channelId: ["chn_none"], isUnread: true }) ${rows}`)} }`,
    ),
  ],
  [
    'a filter that no index serves under 100 agents',
    '400 LIMIT_EXCEEDED',
    sendQuery(
      `{ agents(first: 100) { edges { node { conversations(filter: { isUnread: true }) ${rows} } } } }`,
    ),
  ],
  [
    '30 times totalCount with a filter',
    '400 LIMIT_EXCEEDED',
    sendQuery(
      `{ ${each(30, i => `a${i}: conversations(first: 1, filter: { isAssigned: true }) { totalCount }`)} }`,
    ),
  ],
  [
    '30 pages of messages under 100 conversations',
    '400 LIMIT_EXCEEDED',
    sendQuery(`{ ${page(each(30, i => `a${i}: messages(first: 100) ${rows}`))} }`),
  ],
  [
    '100 nodes under 30 aliases with their messages',
    '400 LIMIT_EXCEEDED',
    sendQuery(
      `query ($ids: [ID!]!) { ${each(30, i => `a${i}: nodes(ids: $ids) { ... on Conversation { messages(first: 100) ${rows} } }`)} }`,
      {
        ids: Array(100).fill('thd_none'),
      },
    ),
  ],
  [
    'a page size in a variable that is too large for its field',
    '200 INVALID_INPUT',
    sendQuery(`query ($n: Int) { agents(first: $n) ${rows} }`, { n: 2_147_483_647 }),
  ],
  [
    'names of 400 characters on full pages',
    '400 LIMIT_EXCEEDED',
    sendQuery(
      `{ ${page(`messages(first: 90) { edges { node { ${each(28, i => `${'a'.repeat(400)}${i}: status`)} } } }`)} }`,
    ),
  ],
  [
    'a dear subscription',
    '200 LIMIT_EXCEEDED',
    target =>
      send(target, '/graphql', {
        method: 'POST',
        headers: { accept: 'text/event-stream' },
        body: JSON.stringify({
          query: `subscription { conversationEvents { conversation { contact { ${page(`messages(first: 100) { edges { node { conversation { id } } } }`)} } } } }`,
        }),
      }),
  ],
]

describe('a document that is too much', () => {
  test.for(tooMuch)('by %s: %s', isAnswered)
})

describe('an operation that is too dear', () => {
  test.for(tooDear)('by %s: %s', isAnswered)
})

test('the gateway is as it was before', async ({ target, sizeBefore }) => {
  await requireUnharmed(target, sizeBefore)
})
