import { readdirSync } from 'node:fs'
import { sql } from 'kysely'
import { expect } from 'vitest'
import { deleteExpiredIdempotencyKeys } from '../../src/domain/idempotency/rows.ts'
import { test } from '../support/fixtures.ts'
import { type Client, type Gateway, newConversation, newWorkspace } from '../support/gateway.ts'

const message = { email: 'jane@example.com', name: 'Jane', subject: 'A question', contentText: 'Hello Jane' }

type Created = {
  conversation: { id: string } | null
  message: { id: string; status: string } | null
  cursor: string | null
  replayed: boolean | null
  userErrors: { code: string; path: string[] }[]
}

async function overGraph(from: Client, idempotencyKey: string, input: object = message): Promise<Created> {
  const { data } = await from.graphql<{ createConversation: Created }>(
    `mutation ($input: CreateConversationInput!) { createConversation(input: $input) {
      conversation { id } message { id status } cursor replayed userErrors { code path } } }`,
    { input: { ...input, idempotencyKey } },
  )
  return data.createConversation
}

async function overRest(from: Client, workspaceId: string, key: string, input: object = message) {
  const response = await fetch(`${from.url}/v1/workspaces/${workspaceId}/support/inbox/conversations`, {
    method: 'POST',
    headers: {
      authorization: from.authorization,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(input),
  })
  const body = (await response.json()) as { message: { id: string } } & { message: string }
  return { status: response.status, replayed: response.headers.get('idempotency-replayed'), body }
}

async function conversationsIn(from: Client): Promise<number> {
  const { data } = await from.graphql<{ conversations: { totalCount: number } }>(
    '{ conversations { totalCount } }',
  )
  return data.conversations.totalCount
}

const mailsOf = (gateway: Gateway, messageId: string) =>
  readdirSync(gateway.mailDirectory).filter(name => name.includes(messageId))

test('50 equal requests at once over GraphQL and REST have one effect, one mail, and one answer', async ({
  gateway,
  acme,
}) => {
  const { id: workspaceId, client: caller } = acme
  const graph = Array.from({ length: 25 }, () => overGraph(caller, 'k 1'))
  const rest = Array.from({ length: 25 }, () => overRest(caller, workspaceId, 'k 1'))
  const [answers, responses] = await Promise.all([Promise.all(graph), Promise.all(rest)])
  const [first] = answers
  expect(first?.userErrors).toEqual([])
  expect(new Set(answers.map(({ message, cursor }) => `${message?.id} ${cursor}`)).size).toBe(1)
  expect(responses.map(({ status, body }) => `${status} ${body.message.id}`)).toEqual(
    responses.map(() => `201 ${first?.message?.id}`),
  )
  const originals =
    answers.filter(({ replayed }) => !replayed).length + responses.filter(({ replayed }) => !replayed).length
  expect(originals).toBe(1)
  expect(await conversationsIn(caller)).toBe(1)
  expect(mailsOf(gateway, first?.message?.id ?? '')).toHaveLength(1)
})

test('a replay shows the current state', async ({ gateway, acme }) => {
  const { id: workspaceId, client: caller } = acme
  const first = await overGraph(caller, 'now')
  await gateway.db
    .updateTable('message')
    .set({ status: 'FAILED' })
    .where('workspace_id', '=', workspaceId)
    .execute()
  const again = await overGraph(caller, 'now')
  expect(again).toEqual({ ...first, replayed: true, message: { id: first.message?.id, status: 'FAILED' } })
})

test('the same key with another input is refused over GraphQL and REST, and changes nothing', async ({
  acme,
}) => {
  const { id: workspaceId, client: caller } = acme
  await overGraph(caller, 'mine')
  const other = { ...message, contentText: 'Something else' }
  expect(await overGraph(caller, 'mine', other)).toMatchObject({
    conversation: null,
    userErrors: [{ code: 'IDEMPOTENCY_MISMATCH', path: ['input', 'idempotencyKey'] }],
  })
  expect(await overRest(caller, workspaceId, 'mine', other)).toMatchObject({
    status: 422,
    body: { statusCode: 422, error: 'Unprocessable Entity', message: expect.any(String) },
  })
  expect(await conversationsIn(caller)).toBe(1)
})

test('an input that differs only in white space around a line, or in null for an absent field, is the same input', async ({
  acme,
}) => {
  const { client: caller } = acme
  const first = await overGraph(caller, 'same')
  const again = await overGraph(caller, 'same', { ...message, name: ' Jane ', channelId: null })
  expect(again.message?.id).toBe(first.message?.id)
})

test('refused input stores nothing, so the key can be used for the mended request', async ({ acme }) => {
  const { client: caller } = acme
  expect((await overGraph(caller, 'mend', { ...message, email: 'nobody' })).conversation).toBeNull()
  expect((await overGraph(caller, 'mend', { ...message, channelId: 'chn_unknown' })).conversation).toBeNull()
  expect(await overGraph(caller, 'mend')).toMatchObject({ replayed: false, userErrors: [] })
})

test('a key belongs to its workspace and its operation', async ({ gateway }) => {
  const [one, other] = [await newWorkspace(gateway), await newWorkspace(gateway)]
  const first = await overGraph(one.client, 'scope')
  expect((await overGraph(other.client, 'scope')).replayed).toBe(false)
  const add = async (mutation: string, type: string) => {
    const { data } = await one.client.graphql<{ payload: Created }>(
      `mutation ($input: ${type}!) { payload: ${mutation}(input: $input) { message { id } cursor replayed userErrors { code } } }`,
      {
        input: { conversationId: first.conversation?.id, contentText: 'Hi', idempotencyKey: 'scope' },
      },
    )
    return data.payload
  }
  for (const [mutation, type] of [
    ['replyToConversation', 'ReplyToConversationInput'],
    ['addNote', 'AddNoteInput'],
  ] as const) {
    const added = await add(mutation, type)
    expect(added).toMatchObject({ replayed: false, userErrors: [] })
    expect(await add(mutation, type)).toEqual({ ...added, replayed: true })
  }
})

test.for(['', 'ä', 'x'.repeat(256), 'a\tb'])('refuses %j as a key', async (key, { acme }) => {
  const { client: caller } = acme
  expect((await overGraph(caller, key)).userErrors).toEqual([
    { code: 'INVALID_INPUT', path: ['input', 'idempotencyKey'] },
  ])
})

test('after 24 hours a key may be used anew, even before it is deleted', async ({ gateway, acme }) => {
  const { id: workspaceId, client: caller } = acme
  const age = () =>
    gateway.db
      .updateTable('idempotency_key')
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where('workspace_id', '=', workspaceId)
      .execute()
  const first = await overGraph(caller, 'old')
  await age()
  const second = await overGraph(caller, 'old', { ...message, contentText: 'Another day' })
  expect(second).toMatchObject({ replayed: false, userErrors: [] })
  expect(second.message?.id).not.toBe(first.message?.id)
  await age()
  await deleteExpiredIdempotencyKeys(gateway.db)
  const left = await gateway.db
    .selectFrom('idempotency_key')
    .select('key')
    .where('workspace_id', '=', workspaceId)
    .execute()
  expect(left).toEqual([])
})

test('expired keys are deleted in parts, so that no statement takes long', async ({ gateway, acme }) => {
  const expired = 5_200
  await sql`
    insert into idempotency_key (workspace_id, operation, key, input_hash, result_ids, expires_at)
    select ${acme.id}, 'test', number::text, null, array['x'], statement_timestamp() - interval '1 s'
    from generate_series(1, ${expired}) as number`.execute(gateway.db)
  expect(await deleteExpiredIdempotencyKeys(gateway.db)).toBe(5_000)
  expect(await deleteExpiredIdempotencyKeys(gateway.db)).toBeGreaterThanOrEqual(expired - 5_000)
})

test('a request without a key is a new one each time', async ({ acme }) => {
  const { client: caller } = acme
  const [one, two] = [await newConversation(caller), await newConversation(caller)]
  expect(one.messageId).not.toBe(two.messageId)
})
