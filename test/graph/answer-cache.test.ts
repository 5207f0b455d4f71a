import { expect } from 'vitest'
import { askAgain, askAnew, askUntilKept } from '../support/asking-again.ts'
import { change } from '../support/conversations.ts'
import { test as base, startedWith } from '../support/fixtures.ts'
import { newClient, newConversation, newWorkspace, startGateway } from '../support/gateway.ts'
import { socketClient } from '../support/live.ts'

const statements: string[] = []
const test = startedWith(base, {
  onStatement: ({ query }) => void statements.push(query.sql),
})

/** How many statements read conversations while something is done. */
async function readsOf(work: () => Promise<unknown>): Promise<number> {
  const before = statements.length
  await work()
  return statements.slice(before).filter(sql => /from "?conversation/.test(sql)).length
}

const inbox = 'query ($first: Int) { conversations(first: $first) { edges { node { id status subject } } } }'

test('a query that comes again is answered without its statements, over HTTP and WebSocket, to all keys', async ({
  gateway,
  acme,
}) => {
  await newConversation(acme.client)
  const { client: other } = await newClient(gateway, acme.id, { scopes: ['read', 'write'] })
  let answer = ''
  expect(
    await readsOf(async () => {
      answer = await askUntilKept(acme.client, inbox)
    }),
  ).toBe(2)
  expect(await readsOf(async () => expect(await askAgain(acme.client, inbox)).toBe(answer))).toBe(0)
  expect(await readsOf(async () => expect(await askAgain(other, inbox)).toBe(answer))).toBe(0)
  expect(
    await readsOf(async () => {
      for await (const result of socketClient(acme.client).iterate({ query: inbox, variables: {} }))
        expect(result).toEqual(JSON.parse(answer))
    }),
  ).toBe(0)
})

test('requests that come at once share one execution', async ({ acme }) => {
  await newConversation(acme.client)
  await askAgain(acme.client, inbox)
  const reads = await readsOf(() =>
    Promise.all(Array.from({ length: 20 }, () => askAgain(acme.client, inbox))),
  )
  // Those that come while the first revision is read have the next one, which is the same.
  expect(reads).toBeLessThanOrEqual(2)
})

test('an answer is not kept beyond a change, of whatever it shows', async ({ gateway, acme }) => {
  const { client, agentId } = acme
  const { id } = await newConversation(client)
  const query = `{ conversations(first: 5) { totalCount edges { node { status isUnread assignedTo { name } messages(last: 2) {
    edges { node { text status } } } } } } agents(first: 5) { edges { node { name } } } workspace { conversationCounts { open } } }`
  const changes: (() => Promise<unknown>)[] = [
    () => change(client, id, 'CLOSED', agentId),
    () => newConversation(client, 'second@example.com'),
    () =>
      client.graphql('mutation ($input: ReplyInput!) { reply(input: $input) { cursor } }', {
        input: { conversationId: id, contentText: 'Here it is.' },
      }),
    () => newWorkspace(gateway),
  ]
  for (const [index, make] of changes.entries()) {
    await askUntilKept(client, query)
    await make()
    expect(await askAgain(client, query), `change ${index}`).toBe(await askAnew(client, query))
  }
})

test('an answer stays in its workspace, and that of `viewer` with its key', async ({ gateway, acme }) => {
  const other = await newWorkspace(gateway)
  await newConversation(acme.client, 'jane@example.com')
  await newConversation(other.client, 'joe@example.com')
  const ids = '{ conversations(first: 5) { edges { node { id contact { email } } } } }'
  await askUntilKept(acme.client, ids)
  await askUntilKept(other.client, ids)
  expect(await askAgain(acme.client, ids)).toContain('jane@')
  expect(await askAgain(other.client, ids)).toContain('joe@')

  const { client: machine, id: keyId } = await newClient(gateway, acme.id)
  const viewer = 'query { ...V } fragment V on Query { me: viewer { ... on Node { id } } }'
  await askUntilKept(acme.client, viewer)
  expect(await askUntilKept(machine, viewer)).toContain(keyId)
  expect(await askAgain(acme.client, viewer)).toContain(acme.agentId)
})

test('a key without the scope `read` gets nothing that is kept', async ({ gateway, acme }) => {
  await askUntilKept(acme.client, inbox)
  const { client: writer } = await newClient(gateway, acme.id, { scopes: ['write'] })
  for (const _ of [1, 2, 3]) expect(await askAgain(writer, inbox)).toContain('FORBIDDEN')
})

test('variables, operations and aliases have answers of their own', async ({ acme }) => {
  for (const index of [1, 2, 3]) await newConversation(acme.client, `c${index}@example.com`)
  const asked: [string, object][] = [
    [inbox, { first: 1 }],
    [inbox, { first: 2 }],
    [inbox, {}],
    [inbox, { first: null }],
    [inbox.replace('status', 'state: status'), { first: 2 }],
  ]
  for (const [query, variables] of asked) await askUntilKept(acme.client, query, variables)
  const answers = await Promise.all(
    asked.map(([query, variables]) => askAgain(acme.client, query, variables)),
  )
  const anew = await Promise.all(asked.map(([query, variables]) => askAnew(acme.client, query, variables)))
  expect(answers).toEqual(anew)
  expect(new Set(answers).size).toBe(4)
})

test('errors are not kept', async ({ acme }) => {
  const wrong = '{ conversations(first: 0) { edges { cursor } } }'
  for (const _ of [1, 2, 3]) expect(await askAgain(acme.client, wrong)).toContain('INVALID_INPUT')
})

test('a kept answer costs its key as much as another one', async ({ onTestFinished }) => {
  const gateway = await startGateway({ limits: { maxCostPerMinute: 10_000 } })
  onTestFinished(gateway.close)
  const { client } = await newWorkspace(gateway)
  let answer = ''
  // Each costs 101, and meanwhile 167 a second run out of the budget.
  for (let index = 0; index < 150 && !answer.includes('RATE_LIMITED'); index++)
    answer = await askAgain(client, inbox, { first: 100 })
  expect(answer).toContain('RATE_LIMITED')
})
