import { describe, expect } from 'vitest'
import { changeStatus } from '../support/conversations.ts'
import { startedWith } from '../support/fixtures.ts'
import type { Gateway } from '../support/gateway.ts'
import { type Client, newClient, type Workspace } from '../support/gateway.ts'
import { acknowledged, overSocket, socketClient } from '../support/live.ts'
import { test as base, subscribed } from '../support/live-fixtures.ts'

const mebibyte = 1024 * 1024

/** A conversation with 60 messages of 100,000 characters: six times what an answer may hold when read six times. */
const test = startedWith(base, {
  limits: { maxAnswerBytes: 2 * mebibyte, maxUnsentBytesPerKey: 8 * mebibyte },
}).extend('conversationId', ({ gateway, acme }) => largeConversation(gateway, acme))

async function largeConversation({ db }: Gateway, { id: workspace_id }: Workspace): Promise<string> {
  const at = new Date(0)
  const of = { workspace_id, contact_id: 'ctc_large', id: 'thd_large' }
  await db
    .updateTable('workspace')
    .set({ open_count: 1, unassigned_count: 1 })
    .where('id', '=', workspace_id)
    .execute()
  await db
    .insertInto('contact')
    .values({ workspace_id, id: of.contact_id, email: 'large@example.com', created_at: at })
    .execute()
  await db
    .insertInto('conversation')
    .values({
      ...of,
      status: 'OPEN',
      source: 'EMAIL',
      is_unread: false,
      last_message_at: at,
      last_message_preview: '',
      created_at: at,
      updated_at: at,
    })
    .execute()
  await db
    .insertInto('message')
    .values(
      Array.from({ length: 60 }, (_, index) => ({
        workspace_id,
        id: `msg_large${index}`,
        conversation_id: of.id,
        direction: 'INBOUND' as const,
        status: 'RECEIVED' as const,
        text: 'x'.repeat(100_000),
        preview: 'x',
        author_id: of.contact_id,
        created_at: new Date(index),
      })),
    )
    .execute()
  return of.id
}

const texts = (first: number) =>
  `query ($id: ID!) { conversation(id: $id) { messages(first: ${first}) { edges { node { text } } } } }`

const limitExceeded = [
  { message: 'An answer may have 2097152 bytes.', extensions: { code: 'LIMIT_EXCEEDED' } },
]

describe('an answer that would be larger than the limit', () => {
  test('is refused over HTTP before its texts are read, and one within the limit is given', async ({
    acme: { client },
    conversationId: id,
  }) => {
    expect(await client.graphql(texts(60), { id })).toMatchObject({ status: 400, errors: limitExceeded })
    const within = await client.graphql<{ conversation: { messages: { edges: unknown[] } } }>(texts(20), {
      id,
    })
    expect(within.data.conversation.messages.edges).toHaveLength(20)
  })

  test('is refused when the same text is in it many times, by aliases and by nesting', async ({
    acme: { client },
    conversationId: id,
  }) => {
    const aliases = Array.from({ length: 29 }, (_, index) => `t${index}: text`).join(' ')
    const nested = `query ($id: ID!) { conversation(id: $id) { messages(first: 10) { edges { node { conversation {
      messages(first: 10) { edges { node { text } } } } } } } } }`
    for (const query of [texts(1).replace('text', aliases), nested])
      expect(await client.graphql(query, { id })).toMatchObject({ status: 400, errors: limitExceeded })
  })

  test.for(['id', '__typename'])(
    'is refused by the length of its names for %s, before anything is read',
    async (field, { acme: { client } }) => {
      const long = (index: number) => `a${index}${'x'.repeat(400)}: ${field}`
      const names = Array.from({ length: 28 }, (_, index) => long(index)).join(' ')
      const query = `{ conversations(first: 90) { edges { node { messages(first: 90) { edges { node { ${names} } } } } } } }`
      expect(await client.graphql(query)).toMatchObject({ status: 400, errors: limitExceeded })
    },
  )

  test('is refused by the size of the descriptions of the schema', async ({ acme: { client } }) => {
    const names = Array.from({ length: 30 }, (_, index) => `a${index}: description`).join(' ')
    const query = `{ __schema { types { fields { ${names} } } } }`
    expect(await client.graphql(query)).toMatchObject({ status: 400, errors: limitExceeded })
  })

  test('is refused over WebSocket, and as the answer to an event', async ({
    gateway,
    acme: { client },
    conversationId: id,
  }) => {
    const asked = overSocket(socketClient(client), texts(60), { id })
    await asked.ended
    expect(asked.errors).toMatchObject([limitExceeded])
    const heard = overSocket(
      socketClient(client),
      'subscription ($id: ID!) { conversationEvents(conversationId: $id) { cursor conversation { messages(first: 60) { edges { node { text } } } } } }',
      { id },
    )
    await subscribed(gateway, 1)
    await changeStatus(client, id, 'CLOSED')
    await expect.poll(() => heard.errors).toMatchObject([limitExceeded])
  })
})

test('a key whose clients leave answers unread gets no more of them, and other keys do', async ({
  gateway,
  acme,
  conversationId: id,
}) => {
  const { client } = await newClient(gateway, acme.id)
  const socket = await acknowledged(client)
  socket.pause()
  const open = (name: string) =>
    socket.send(
      JSON.stringify({ id: name, type: 'subscribe', payload: { query: texts(15), variables: { id } } }),
    )
  const read = (by: Client) => by.graphql(texts(15), { id })
  // Those that are refused while others are put together leave nothing unread, so it asks until there is enough.
  let asked = 0
  await expect
    .poll(async () => {
      for (let index = 0; index < 20; index++) open(String(asked++))
      return (await read(client)).errors?.[0]?.extensions.code
    })
    .toBe('RATE_LIMITED')
  expect((await read(acme.client)).status).toBe(200)
  socket.resume()
  await expect.poll(async () => (await read(client)).status).toBe(200)
})
