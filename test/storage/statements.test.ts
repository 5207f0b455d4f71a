import { readFileSync } from 'node:fs'
import { buildSchema, getNamedType, isLeafType, isObjectType } from 'graphql'
import { expect } from 'vitest'
import { seedDemo } from '../../src/demo/seed.ts'
import { add } from '../support/adding-messages.ts'
import { test as base, startedWith } from '../support/fixtures.ts'
import { type Client, client, newConversation } from '../support/gateway.ts'

const statements: string[] = []
const test = startedWith(base, { onStatement: event => statements.push(event.query.sql) }).extend(
  'demo',
  { scope: 'file' },
  async ({ gateway }) => {
    await seedDemo(gateway.db, { demoApiKey: 'key', dataDir: '/nowhere' })
    return client(gateway.url, 'key')
  },
)

/** The statements of a query, without that for its key and those of the work in the background. */
async function statementsOf<Data>(caller: Client, query: string) {
  statements.length = 0
  const answer = await caller.graphql<Data>(query)
  expect(answer.errors).toBeUndefined()
  const own = statements.filter(
    text =>
      !/"hash" =|next_attempt_at|from "api_key"|delete from idempotency_key|delete from raw_mail|"is_searchable"|word_segment|set_config|^(begin|commit)$/.test(
        text,
      ),
  )
  return { ...answer, own }
}

type Page = { conversations: { edges: { node: { messages: { edges: unknown[] } } }[] } }

test('a page of 50 conversations with contact, assignee, channel and last 3 messages takes 2 statements', async ({
  demo: caller,
}) => {
  const { data, own } = await statementsOf<Page>(
    caller,
    `{
    conversations(first: 50) {
      edges { node {
        id subject status
        contact { id name email }
        assignedTo { id name }
        channel { id name }
        messages(last: 3) { edges { node { direction preview createdAt } } }
      } }
      pageInfo { hasNextPage endCursor }
    }
  }`,
  )
  expect(data.conversations.edges).toHaveLength(50)
  expect(data.conversations.edges.every(({ node }) => node.messages.edges.length > 0)).toBe(true)
  // The page with contacts, assignees and messages, and the channels.
  expect(own).toHaveLength(2)
})

type Threads = { conversations: { edges: { node: { id: string; messages: object } }[] } }

const threads = (args: string, beside = '') => `{ conversations(first: 20) { edges { node { id
  messages${args} { edges { cursor node { id status direction preview createdAt sentAt } } pageInfo {
    hasNextPage hasPreviousPage startCursor endCursor } }
  ${beside} } } } }`

test.for(['', '(first: 1)', '(last: 1)', '(first: 2)', '(last: 3)', '(last: 100)'])(
  'messages%s are the same whether they are read along with conversations or by themselves',
  async (args, { demo: caller }) => {
    // Beside another page of messages, none is read along.
    const unread = 'none: messages(first: 1, direction: []) { edges { node { id } } }'
    const along = await statementsOf<Threads>(caller, threads(args))
    const apart = await statementsOf<Threads>(caller, threads(args, unread))
    expect(along.own).toHaveLength(1)
    expect(apart.own).toHaveLength(3)
    const threadsOf = ({ data }: { data: Threads }) =>
      data.conversations.edges.map(({ node: { id, messages } }) => ({ id, messages }))
    expect(threadsOf(along)).toHaveLength(20)
    expect(threadsOf(along)).toEqual(threadsOf(apart))
  },
)

const ofEach = (messages: string) => `{ conversations(first: 5) { edges { node { ${messages} } } } }`
const ids = 'edges { node { id } }'

test.for([
  ['a size that is not common', ofEach(`messages(last: 7) { ${ids} }`)],
  ['a place in the thread', ofEach(`messages(first: 2, after: "$cursor") { ${ids} }`)],
  ['directions', ofEach(`messages(direction: [NOTE]) { ${ids} }`)],
  ['texts of many conversations', ofEach('messages(last: 2) { edges { node { text } } }')],
  ['two pages', ofEach(`messages(last: 2) { ${ids} } first: messages(first: 1, direction: []) { ${ids} }`)],
  [
    'messages in one of two places',
    `{ ${ofEach(`messages(last: 2) { ${ids} }`).slice(1, -1)} other: conversations(first: 3) { edges { node { id } } } }`,
  ],
  [
    'messages in one of two places, of which the other shows no conversation',
    `{ ${ofEach(`messages(last: 2) { ${ids} }`).slice(1, -1)} other: conversations(first: 3) { pageInfo { hasNextPage } } }`,
  ],
] as const)('%s: messages are read by themselves', async ([, query], { demo: caller }) => {
  const { data } = await statementsOf<{
    conversations: { edges: { node: { messages: { pageInfo: { startCursor: string } } } }[] }
  }>(caller, ofEach('messages(first: 1) { pageInfo { startCursor } }'))
  const cursor = data.conversations.edges[0]?.node.messages.pageInfo.startCursor ?? ''
  const { own } = await statementsOf(caller, query.replace('$cursor', cursor))
  expect(own.length).toBeGreaterThan(1)
  expect(own.filter(text => text.includes('json_agg'))).toEqual([])
})

test('the texts of one conversation are read along with it, in the size that a variable gives', async ({
  demo: caller,
}) => {
  type Thread = { id: string; messages: { edges: unknown[] } }
  const { data } = await statementsOf<{ conversations: { edges: { node: Thread }[] } }>(
    caller,
    ofEach(`id messages(first: 2) { ${ids} }`).replace('first: 5', 'first: 50'),
  )
  const id = data.conversations.edges.find(({ node }) => node.messages.edges.length > 1)?.node.id
  statements.length = 0
  const query = `query Thread($id: ID!, $first: Int = 1) {
    conversation(id: $id) { messages(first: $first) { edges { node { text } } } }
  }`
  const sizeFor = async (variables: object) => {
    const answer = await caller.graphql<{
      conversation: { messages: { edges: { node: { text: string } }[] } }
    }>(query, { id, ...variables })
    return answer.data.conversation.messages.edges.filter(({ node }) => node.text.length > 0).length
  }
  expect(await sizeFor({})).toBe(1)
  expect(await sizeFor({ first: 2 })).toBe(2)
  const along = statements.filter(text => text.includes('json_agg'))
  expect(along).toHaveLength(2)
  expect(new Set(along)).toHaveProperty('size', 2)
  expect(statements.filter(text => text.includes('"parent"'))).toEqual([])
})

test('one message more than the page holds is read only to tell whether there are more', async ({
  demo: caller,
}) => {
  const limitOf = async (selection: string) => {
    const { own } = await statementsOf(caller, ofEach(`messages(last: 3) { ${selection} }`))
    return own.map(text => /limit (\d+)\) as "message"/.exec(text)?.[1])
  }
  expect(await limitOf(ids)).toEqual(['3'])
  expect(await limitOf(`${ids} pageInfo { startCursor endCursor }`)).toEqual(['3'])
  expect(await limitOf(`${ids} pageInfo { hasPreviousPage }`)).toEqual(['4'])
})

test('aliases with the same arguments share a statement, and other arguments take one more', async ({
  demo: caller,
}) => {
  const { own } = await statementsOf(
    caller,
    `{
    conversations(first: 20) { edges { node {
      a: messages(last: 3) { edges { node { id } } }
      b: messages(last: 3) { edges { node { text } } }
      c: messages(first: 1, direction: [NOTE]) { edges { node { id } } }
    } } }
  }`,
  )
  // Texts are read along if they are selected of each message. Here they are a statement of their own.
  expect(own).toHaveLength(4)
})

test.for([
  { length: 80_000, statements: 2 },
  { length: 90_000, statements: 3 },
])(
  'three texts of $length characters take $statements statements with their conversation',
  async ({ length, statements }, { acme: { client: caller } }) => {
    const texts = ['a', 'b', 'c'].map(letter => letter.repeat(length))
    const { id } = await newConversation(caller, 'jane@example.com', texts[0])
    for (const text of texts.slice(1)) await add(caller, 'addNote', { conversationId: id, contentText: text })
    const { data, own } = await statementsOf<{
      conversation: { messages: { edges: { node: { text: string } }[] } }
    }>(
      caller,
      `{ conversation(id: "${id}") { messages(direction: [OUTBOUND, NOTE]) { edges { node { text } } } } }`,
    )
    expect(data.conversation.messages.edges.map(({ node }) => node.text)).toEqual(texts)
    expect(own).toHaveLength(statements)
  },
)

test('the histories of 20 contacts with their totals take two statements beside the page', async ({
  demo: caller,
}) => {
  const { own } = await statementsOf(
    caller,
    `{
    contacts(first: 20) { edges { node { conversations(first: 2) { totalCount edges { node { id } } } } } }
  }`,
  )
  expect(own).toHaveLength(3)
})

test('the total of a status is read from the kept counts, and is not counted unless it is selected', async ({
  gateway,
  demo: caller,
}) => {
  const selected = await statementsOf<{ conversations: { totalCount: number } }>(
    caller,
    '{ conversations(first: 1, filter: { status: [CLOSED, ARCHIVED] }) { totalCount edges { node { id } } } }',
  )
  expect(selected.own.filter(text => text.includes('count('))).toEqual([])
  const { total } = await gateway.db
    .selectFrom('conversation')
    .select(eb => eb.fn.countAll<number>().as('total'))
    .where('status', '!=', 'OPEN')
    .executeTakeFirstOrThrow()
  expect(selected.data.conversations.totalCount).toBe(total)
  expect(
    (await statementsOf(caller, '{ conversations(first: 1) { edges { node { id } } } }')).own,
  ).toHaveLength(1)
})

type Related = { id: string; name?: string } | null
type RelatedPage = {
  conversations: { edges: { node: { contact: Related; assignedTo: Related; channel: Related } }[] }
}

test('of related rows of which only the id is selected none is read, and an id in one place hides no row in another', async ({
  demo: caller,
}) => {
  const ids = 'contact { id __typename } assignedTo { id } channel { id }'
  const page = (fields: string) => `conversations(first: 20) { edges { node { id ${fields} } } }`
  const { data, own } = await statementsOf<RelatedPage>(caller, `{ ${page(ids)} }`)
  expect(own).toHaveLength(1)
  expect(own[0]).not.toContain('join')
  const names = 'contact { id __typename name } assignedTo { id name } channel { id name }'
  const named = await statementsOf<RelatedPage>(caller, `{ ${page(names)} }`)
  const withoutNames = named.data.conversations.edges.map(({ node }) =>
    Object.fromEntries(
      Object.entries(node).map(([field, row]) => {
        const { name: _, ...others } = (row ?? {}) as { name?: string }
        return [field, row && typeof row === 'object' ? others : row]
      }),
    ),
  )
  expect(data.conversations.edges.map(({ node }) => node)).toEqual(withoutNames)

  const { node } = named.data.conversations.edges.find(each => each.node.assignedTo) ?? {}
  const both = await statementsOf<{ node: { assignedTo: Related; contact: Related; channel: Related } }>(
    caller,
    `{ ${page(ids)} node(id: "${(node as { id?: string } | undefined)?.id}") { ... on Conversation { ${names} } } }`,
  )
  expect(both.data.node.assignedTo).toEqual(node?.assignedTo)
  expect(both.data.node.contact).toEqual(node?.contact)
})

type Fields = Record<string, unknown>
type Shown = { contact: Fields; assignedTo: Fields | null; messages: { edges: { node: Fields }[] } }

/** Where an inbox shows objects of a type of which a statement reads the columns that are asked for. */
const places = {
  Contact: {
    select: (fields: string) => `contact { ${fields} }`,
    of: ({ contact }: Shown) => [contact],
  },
  Agent: {
    select: (fields: string) => `assignedTo { ${fields} }`,
    of: ({ assignedTo }: Shown) => (assignedTo ? [assignedTo] : []),
  },
  Message: {
    select: (fields: string) => `messages(last: 5) { edges { node { ${fields} } } }`,
    of: ({ messages }: Shown) => messages.edges.map(({ node }) => node),
  },
}

const inbox = (selection: string) =>
  `{ conversations(first: 40, filter: { status: [OPEN, CLOSED, ARCHIVED] }) { edges { node { ${selection} } } } }`

/** The fields of a type without arguments, each with a selection of its own. */
function fieldsOf(typeName: string): Map<string, string> {
  const type = buildSchema(readFileSync('schema.graphql', 'utf8')).getType(typeName)
  if (!isObjectType(type)) throw new Error(`${typeName} is no object type.`)
  const fields = Object.values(type.getFields()).filter(({ args }) => args.length === 0)
  return new Map(
    fields.map(({ name, type }) => [name, isLeafType(getNamedType(type)) ? name : `${name} { __typename }`]),
  )
}

test.for(Object.keys(places) as (keyof typeof places)[])(
  'each field of %s has the same values alone as beside all others',
  async (typeName, { demo: caller }) => {
    const { select, of } = places[typeName]
    const fields = fieldsOf(typeName)
    async function read(selections: Iterable<string>): Promise<Fields[]> {
      const query = inbox(select([...selections].join(' ')))
      const { data } = await statementsOf<{ conversations: { edges: { node: Shown }[] } }>(caller, query)
      return data.conversations.edges.flatMap(({ node }) => of(node))
    }
    const whole = await read(fields.values())
    expect(whole.length).toBeGreaterThan(0)
    for (const [name, selection] of fields)
      expect(await read([selection])).toEqual(whole.map(object => ({ [name]: object[name] })))
  },
)

test('columns that few operations select are read only for these', async ({ demo: caller }) => {
  const rare =
    /"sent_at"|"sentAt"|"failure_reason"|"dmarc_failed"|"deactivated_at"|"agentEmail"|"contactCreatedAt"/
  const common = await statementsOf(
    caller,
    inbox('contact { name email } assignedTo { name } messages(last: 3) { edges { node { preview } } }'),
  )
  expect(common.own.filter(text => rare.test(text))).toEqual([])
  const whole = await statementsOf(caller, inbox('messages(last: 3) { edges { node { sentAt } } }'))
  expect(whole.own.filter(text => rare.test(text))).toHaveLength(1)
})
