import { afterAll, beforeAll, expect, test } from 'vitest'
import { seedDemo } from '../src/demo/seed.ts'
import { type Client, client, type Gateway, startGateway } from './support/gateway.ts'

let gateway: Gateway
let caller: Client
const statements: string[] = []

beforeAll(async () => {
  gateway = await startGateway({ onStatement: event => statements.push(event.query.sql) })
  await seedDemo(gateway.db, { demoApiKey: 'key', dataDir: '/nowhere' })
  caller = client(gateway.url, 'key')
})
afterAll(() => gateway.close())

/** The statements that a question takes, but for the look at its key and the mail sweep that goes on beside it. */
async function statementsOf<Data>(query: string) {
  statements.length = 0
  const answer = await caller.graphql<Data>(query)
  expect(answer.errors).toBeUndefined()
  const own = statements.filter(
    text => !text.includes('"hash" =') && !/skip locked|^(begin|commit)$/.test(text),
  )
  return { ...answer, own }
}

type Page = { conversations: { edges: { node: { messages: { edges: unknown[] } } }[] } }

test('a page of 50 conversations with contact, assignee, channel and last 3 messages takes 5 statements', async () => {
  const { data, own } = await statementsOf<Page>(`{
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
  }`)
  expect(data.conversations.edges).toHaveLength(50)
  expect(data.conversations.edges.every(({ node }) => node.messages.edges.length > 0)).toBe(true)
  expect(own).toHaveLength(5)
})

test('aliases with the same arguments share a statement, and other arguments take one more', async () => {
  const { own } = await statementsOf(`{
    conversations(first: 20) { edges { node {
      a: messages(last: 3) { edges { node { id } } }
      b: messages(last: 3) { edges { node { text } } }
      c: messages(first: 1, direction: [NOTE]) { edges { node { id } } }
    } } }
  }`)
  expect(own).toHaveLength(3)
})

test('the histories of 20 contacts with their totals take two statements beside the page', async () => {
  const { own } = await statementsOf(`{
    contacts(first: 20) { edges { node { conversations(first: 2) { totalCount edges { node { id } } } } } }
  }`)
  expect(own).toHaveLength(3)
})

test('the total of a status is read from the kept counts, and is not counted unless it is asked', async () => {
  const asked = await statementsOf<{ conversations: { totalCount: number } }>(
    '{ conversations(first: 1, filter: { status: [CLOSED, ARCHIVED] }) { totalCount edges { node { id } } } }',
  )
  expect(asked.own.filter(text => text.includes('count('))).toEqual([])
  const { total } = await gateway.db
    .selectFrom('conversation')
    .select(eb => eb.fn.countAll<number>().as('total'))
    .where('status', '!=', 'OPEN')
    .executeTakeFirstOrThrow()
  expect(asked.data.conversations.totalCount).toBe(total)
  expect((await statementsOf('{ conversations(first: 1) { edges { node { id } } } }')).own).toHaveLength(1)
})
