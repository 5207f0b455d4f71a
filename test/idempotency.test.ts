import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { forgetExpiredRequests } from '../src/domain/message/once.ts'
import { type Client, type Gateway, newConversation, newWorkspace, startGateway } from './support/gateway.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.close())

const letter = { email: 'jane@example.com', name: 'Jane', subject: 'A question', contentText: 'Hello Jane' }

type Created = {
  conversation: { id: string } | null
  message: { id: string; status: string } | null
  cursor: string | null
  replayed: boolean | null
  userErrors: { code: string; path: string[] }[]
}

async function overGraph(from: Client, idempotencyKey: string, input: object = letter): Promise<Created> {
  const { data } = await from.graphql<{ createConversation: Created }>(
    `mutation ($input: CreateConversationInput!) { createConversation(input: $input) {
      conversation { id } message { id status } cursor replayed userErrors { code path } } }`,
    { input: { ...input, idempotencyKey } },
  )
  return data.createConversation
}

async function overRest(from: Client, workspaceId: string, key: string, input: object = letter) {
  const response = await fetch(`${gateway.url}/v1/workspaces/${workspaceId}/support/inbox/conversations`, {
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

const mailsOf = (messageId: string) =>
  readdirSync(gateway.mailDirectory).filter(name => name.includes(messageId))

test('50 equal requests at once through both doors have one effect, one mail, and one answer', async () => {
  const { id: workspaceId, client: caller } = await newWorkspace(gateway)
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
  expect(mailsOf(first?.message?.id ?? '')).toHaveLength(1)
})

test('a replay shows what lives on as it is now', async () => {
  const { id: workspaceId, client: caller } = await newWorkspace(gateway)
  const first = await overGraph(caller, 'now')
  await gateway.db
    .updateTable('message')
    .set({ status: 'FAILED' })
    .where('workspace_id', '=', workspaceId)
    .execute()
  const again = await overGraph(caller, 'now')
  expect(again).toEqual({ ...first, replayed: true, message: { id: first.message?.id, status: 'FAILED' } })
})

test('the same key with another input is refused, through either door, and changes nothing', async () => {
  const { id: workspaceId, client: caller } = await newWorkspace(gateway)
  await overGraph(caller, 'mine')
  const other = { ...letter, contentText: 'Something else' }
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

test('what differs only in white space around a line, or in null for what is left out, is the same input', async () => {
  const { client: caller } = await newWorkspace(gateway)
  const first = await overGraph(caller, 'same')
  const again = await overGraph(caller, 'same', { ...letter, name: ' Jane ', channelId: null })
  expect(again.message?.id).toBe(first.message?.id)
})

test('refused input stores nothing, so the key can be used for the mended request', async () => {
  const { client: caller } = await newWorkspace(gateway)
  expect((await overGraph(caller, 'mend', { ...letter, email: 'nobody' })).conversation).toBeNull()
  expect((await overGraph(caller, 'mend', { ...letter, channelId: 'chn_unknown' })).conversation).toBeNull()
  expect(await overGraph(caller, 'mend')).toMatchObject({ replayed: false, userErrors: [] })
})

test('a key belongs to its workspace and its operation', async () => {
  const [one, other] = [await newWorkspace(gateway), await newWorkspace(gateway)]
  const first = await overGraph(one.client, 'scope')
  expect((await overGraph(other.client, 'scope')).replayed).toBe(false)
  const say = async (mutation: string, type: string) => {
    const { data } = await one.client.graphql<{ answer: Created }>(
      `mutation ($input: ${type}!) { answer: ${mutation}(input: $input) { message { id } cursor replayed userErrors { code } } }`,
      {
        input: { conversationId: first.conversation?.id, contentText: 'Hi', idempotencyKey: 'scope' },
      },
    )
    return data.answer
  }
  for (const [mutation, type] of [
    ['replyToConversation', 'ReplyToConversationInput'],
    ['addNote', 'AddNoteInput'],
  ] as const) {
    const said = await say(mutation, type)
    expect(said).toMatchObject({ replayed: false, userErrors: [] })
    expect(await say(mutation, type)).toEqual({ ...said, replayed: true })
  }
})

test.each(['', 'ä', 'x'.repeat(256), 'a\tb'])('refuses %j as a key', async key => {
  const { client: caller } = await newWorkspace(gateway)
  expect((await overGraph(caller, key)).userErrors).toEqual([
    { code: 'INVALID_INPUT', path: ['input', 'idempotencyKey'] },
  ])
})

test('after 24 hours a key is forgotten, and may be used anew even before it is swept', async () => {
  const { id: workspaceId, client: caller } = await newWorkspace(gateway)
  const age = () =>
    gateway.db
      .updateTable('request')
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where('workspace_id', '=', workspaceId)
      .execute()
  const first = await overGraph(caller, 'old')
  await age()
  const second = await overGraph(caller, 'old', { ...letter, contentText: 'Another day' })
  expect(second).toMatchObject({ replayed: false, userErrors: [] })
  expect(second.message?.id).not.toBe(first.message?.id)
  await age()
  await forgetExpiredRequests(gateway.db)
  const left = await gateway.db
    .selectFrom('request')
    .select('key')
    .where('workspace_id', '=', workspaceId)
    .execute()
  expect(left).toEqual([])
})

test('a request without a key is a new one each time', async () => {
  const { client: caller } = await newWorkspace(gateway)
  const [one, two] = [await newConversation(caller), await newConversation(caller)]
  expect(one.messageId).not.toBe(two.messageId)
})
