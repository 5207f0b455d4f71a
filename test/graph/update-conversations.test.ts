import { expect } from 'vitest'
import { type Client, newConversation, type Workspace } from '../support/gateway.ts'
import { type LiveEvent, overSocket, socketClient } from '../support/live.ts'
import { subscribed, test } from '../support/live-fixtures.ts'
import { expectSound } from '../support/recount.ts'

type Updated = {
  results: {
    conversation: { id: string; status: string; isUnread: boolean; assignedTo: { id: string } | null } | null
    userErrors: { code: string; path: string[] }[]
  }[]
  cursor: string | null
  replayed: boolean | null
  userErrors: { code: string; message: string; path: string[] }[]
}

async function update(from: Client, input: object): Promise<Updated> {
  const { data, errors } = await from.graphql<{ updateConversations: Updated }>(
    `mutation ($input: UpdateConversationsInput!) { updateConversations(input: $input) {
      results { conversation { id status isUnread assignedTo { id } } userErrors { code path } }
      cursor replayed userErrors { code message path } } }`,
    { input },
  )
  if (errors) throw new Error(JSON.stringify(errors))
  return data.updateConversations
}

async function several({ client }: Workspace, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let index = 0; index < count; index++)
    ids.push((await newConversation(client, `contact${index}@example.com`)).id)
  return ids
}

test('several conversations are changed at once, each with its own result and its own events', async ({
  gateway,
  acme,
}) => {
  const [a = '', b = '', c = ''] = await several(acme, 3)
  const heard = overSocket<LiveEvent>(
    socketClient(acme.client),
    `subscription { conversationEvents(types: [CONVERSATION_STATUS_CHANGED, CONVERSATION_ASSIGNED, CONVERSATION_READ_STATE_CHANGED]) {
      cursor __typename conversation { id } } }`,
  )
  await subscribed(gateway, 1)
  const input = {
    conversationIds: [c, a, 'thd_unknown', b],
    status: 'CLOSED',
    agentId: acme.agentId,
    isUnread: true,
  }
  const updated = await update(acme.client, input)
  expect(updated.userErrors).toEqual([])
  expect(updated.results.map(({ conversation }) => conversation?.id)).toEqual([c, a, undefined, b])
  expect(updated.results[2]).toEqual({
    conversation: null,
    userErrors: [{ code: 'NOT_FOUND', path: ['input', 'conversationIds', '2'] }],
  })
  for (const { conversation } of updated.results)
    if (conversation)
      expect(conversation).toMatchObject({
        status: 'CLOSED',
        isUnread: true,
        assignedTo: { id: acme.agentId },
      })
  const events = await heard.until(9)
  expect(events.map(({ conversation }) => conversation.id)).toEqual([c, c, c, a, a, a, b, b, b])
  expect(events.at(-1)?.cursor).toBe(updated.cursor)
  await expectSound(gateway.db, acme)

  const again = await update(acme.client, input)
  expect(again).toMatchObject({ cursor: null, userErrors: [] })
  const some = await update(acme.client, { conversationIds: [a, b], agentId: null })
  expect(some.results.map(({ conversation }) => conversation?.assignedTo)).toEqual([null, null])
  expect(some.results.map(({ conversation }) => conversation?.status)).toEqual(['CLOSED', 'CLOSED'])
  await expectSound(gateway.db, acme)
})

test('bad input is refused, and nothing is written', async ({ gateway, acme }) => {
  const [id = ''] = await several(acme, 1)
  const many = Array.from({ length: 101 }, (_, index) => `thd_${index}`)
  for (const [input, error] of [
    [
      { conversationIds: [], status: 'CLOSED' },
      { code: 'INVALID_INPUT', path: ['input', 'conversationIds'] },
    ],
    [
      { conversationIds: many, status: 'CLOSED' },
      { code: 'INVALID_INPUT', path: ['input', 'conversationIds'] },
    ],
    [
      { conversationIds: [id, id], status: 'CLOSED' },
      { code: 'INVALID_INPUT', path: ['input', 'conversationIds'] },
    ],
    [{ conversationIds: [id] }, { code: 'INVALID_INPUT', path: ['input'] }],
    [
      { conversationIds: [id], status: null, isUnread: null },
      { code: 'INVALID_INPUT', path: ['input'] },
    ],
    [
      { conversationIds: [id], status: 'CLOSED', agentId: 'agt_unknown' },
      { code: 'NOT_FOUND', path: ['input', 'agentId'] },
    ],
    [
      { conversationIds: [id], status: 'CLOSED', idempotencyKey: '' },
      { code: 'INVALID_INPUT', path: ['input', 'idempotencyKey'] },
    ],
  ] as const) {
    const { results, cursor, userErrors } = await update(acme.client, input)
    expect({ results, cursor }).toEqual({ results: [], cursor: null })
    expect(userErrors).toMatchObject([error])
  }
  const { data } = await acme.client.graphql<{ conversation: { status: string } }>(
    'query ($id: ID!) { conversation(id: $id) { status } }',
    { id },
  )
  expect(data.conversation.status).toBe('OPEN')
  await expectSound(gateway.db, acme)
})

test('a text that cannot be an id is not found, also when the request is repeated', async ({ acme }) => {
  const [id = ''] = await several(acme, 1)
  const input = { conversationIds: ['\0', id, 'x'.repeat(100)], status: 'CLOSED', idempotencyKey: 'odd' }
  const first = await update(acme.client, input)
  expect(first.results.map(({ conversation }) => conversation?.id)).toEqual([undefined, id, undefined])
  expect(await update(acme.client, input)).toEqual({ ...first, replayed: true })
})

test('a repeated request changes nothing and returns the first results', async ({ acme }) => {
  const [a = '', b = ''] = await several(acme, 2)
  const input = { conversationIds: [a, 'thd_unknown', b], status: 'ARCHIVED', idempotencyKey: 'once' }
  const first = await update(acme.client, input)
  await update(acme.client, { conversationIds: [a], status: 'OPEN' })
  const second = await update(acme.client, input)
  expect(second).toMatchObject({ replayed: true, cursor: first.cursor, userErrors: [] })
  expect(second.results.map(({ conversation }) => conversation?.status)).toEqual([
    'OPEN',
    undefined,
    'ARCHIVED',
  ])
  const other = await update(acme.client, { ...input, status: 'CLOSED' })
  expect(other).toMatchObject({ results: [], userErrors: [{ code: 'IDEMPOTENCY_MISMATCH' }] })
})

test('overlapping changes wait for each other: none is lost, and none fails', async ({ gateway, acme }) => {
  const ids = await several(acme, 12)
  const statuses = ['OPEN', 'CLOSED', 'ARCHIVED']
  const shuffled = (turn: number) =>
    ids.toSorted((a, b) => ((a + turn).length % 2 ? 1 : -1) || (a < b ? -1 : 1))
  const all = await Promise.all(
    Array.from({ length: 48 }, (_, turn) =>
      update(acme.client, {
        conversationIds: shuffled(turn).slice(turn % 4, 8 + (turn % 4)),
        status: statuses[turn % 3],
        agentId: turn % 2 ? acme.agentId : null,
      }),
    ),
  )
  for (const { results, userErrors } of all) {
    expect(userErrors).toEqual([])
    expect(results.every(({ conversation }) => conversation !== null)).toBe(true)
  }
  await expectSound(gateway.db, acme)
})
