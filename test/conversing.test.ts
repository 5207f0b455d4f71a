import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Client,
  type Gateway,
  newClient,
  newConversation,
  newWorkspace,
  startGateway,
} from './support/gateway.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.close())

type State = { status: string; isUnread: boolean; lastMessagePreview: string; lastMessageAt: string }
type Said = {
  conversation: ({ id: string; source: string; subject: string | null } & State) | null
  contact?: { id: string; email: string; name: string | null } | null
  message: {
    id: string
    direction: string
    status: string
    text: string
    author: { id: string } | null
  } | null
  cursor: string | null
  replayed: boolean | null
  userErrors: { code: string; message: string; path: string[] }[]
}

const mutations = {
  createConversation: 'CreateConversationInput',
  replyToConversation: 'ReplyToConversationInput',
  addNote: 'AddNoteInput',
  receiveMessage: 'ReceiveMessageInput',
} as const

/** Runs one of the mutations that say something and answers its payload. */
async function say(from: Client, mutation: keyof typeof mutations, input: object): Promise<Said> {
  const contact = ['createConversation', 'receiveMessage'].includes(mutation)
    ? 'contact { id email name }'
    : ''
  const { data, errors } = await from.graphql<Record<string, Said>>(
    `mutation ($input: ${mutations[mutation]}!) { answer: ${mutation}(input: $input) {
      conversation { id source subject status isUnread lastMessagePreview lastMessageAt } ${contact}
      message { id direction status text author { id } } cursor replayed userErrors { code message path }
    } }`,
    { input },
  )
  if (errors) throw new Error(JSON.stringify(errors))
  return data.answer as Said
}

async function set(from: Client, id: string, { status, isUnread }: { status?: string; isUnread?: boolean }) {
  if (status !== undefined)
    await from.graphql(
      'mutation ($id: ID!, $status: ConversationStatus!) { setConversationStatus(input: { conversationId: $id, status: $status }) { cursor } }',
      { id, status },
    )
  if (isUnread === undefined) return undefined
  const { data } = await from.graphql<{
    setConversationUnread: { conversation: State; cursor: string | null }
  }>(
    'mutation ($id: ID!, $isUnread: Boolean!) { setConversationUnread(input: { conversationId: $id, isUnread: $isUnread }) { cursor conversation { isUnread status } } }',
    { id, isUnread },
  )
  return data.setConversationUnread
}

async function eventsOf(from: Client, id: string) {
  const { data } = await from.graphql<{
    conversation: { events: { edges: { node: { __typename: string; actor: { id: string } | null } }[] } }
  }>(
    'query ($id: ID!) { conversation(id: $id) { events(first: 100) { edges { node { __typename actor { id } } } } } }',
    { id },
  )
  return data.conversation.events.edges.map(({ node }) => `${node.__typename} ${node.actor?.id ?? '-'}`)
}

async function counts(from: Client) {
  const { data } = await from.graphql<{ workspace: { conversationCounts: Record<string, number> } }>(
    '{ workspace { conversationCounts { open closed archived unread unassigned } } }',
  )
  return data.workspace.conversationCounts
}

describe('what an operation does to status and read state', () => {
  test('a reply is queued for mail, becomes the preview, makes it read and keeps its status', async () => {
    const { client: caller, agentId } = await newWorkspace(gateway)
    const { id } = await newConversation(caller)
    await set(caller, id, { status: 'CLOSED', isUnread: true })
    const { conversation, message, userErrors } = await say(caller, 'replyToConversation', {
      conversationId: id,
      contentText: 'Here is your invoice.',
    })
    expect(userErrors).toEqual([])
    expect(conversation).toMatchObject({
      id,
      status: 'CLOSED',
      isUnread: false,
      lastMessagePreview: 'Here is your invoice.',
    })
    expect(message).toMatchObject({ direction: 'OUTBOUND', status: 'SENT', author: { id: agentId } })
    expect((await eventsOf(caller, id)).slice(-3)).toEqual([
      `MessageAdded ${agentId}`,
      `ConversationReadStateChanged ${agentId}`,
      'MessageStatusChanged -',
    ])
  })

  test.each(['CHAT', 'API'])(
    'a reply in a %s conversation is SENT at once and never mailed',
    async source => {
      const { client: caller, id: workspaceId } = await newWorkspace(gateway)
      const received = await say(caller, 'receiveMessage', {
        source,
        email: 'jo@example.com',
        contentText: 'Hi',
      })
      const { message } = await say(caller, 'replyToConversation', {
        conversationId: received.conversation?.id,
        contentText: 'Hello',
      })
      expect(message?.status).toBe('SENT')
      const row = await gateway.db
        .selectFrom('message')
        .select(['mail_id', 'next_attempt_at', 'attempts'])
        .where('workspace_id', '=', workspaceId)
        .where('id', '=', message?.id ?? '')
        .executeTakeFirst()
      expect(row).toEqual({ mail_id: null, next_attempt_at: null, attempts: 0 })
    },
  )

  test('a note changes neither preview, order, status nor read state, and is never mailed', async () => {
    const { client: caller, agentId } = await newWorkspace(gateway)
    const { id } = await newConversation(caller)
    await set(caller, id, { status: 'ARCHIVED', isUnread: true })
    const before = await caller.graphql<{ conversation: State }>(
      'query ($id: ID!) { conversation(id: $id) { status isUnread lastMessagePreview lastMessageAt } }',
      { id },
    )
    const { conversation, message } = await say(caller, 'addNote', {
      conversationId: id,
      contentText: 'She called.',
    })
    expect(conversation).toMatchObject(before.data.conversation)
    expect(message).toMatchObject({ direction: 'NOTE', status: 'STORED', author: { id: agentId } })
    expect((await eventsOf(caller, id)).at(-1)).toBe(`MessageAdded ${agentId}`)
  })

  test.each(['CLOSED', 'ARCHIVED'])(
    'a message received opens a %s conversation and makes it unread',
    async status => {
      const { client: caller } = await newWorkspace(gateway)
      const { id, contactId } = await newConversation(caller)
      await set(caller, id, { status })
      const { conversation, message, contact } = await say(caller, 'receiveMessage', {
        source: 'EMAIL',
        conversationId: id,
        contentText: 'One more thing',
      })
      expect(conversation).toMatchObject({
        id,
        status: 'OPEN',
        isUnread: true,
        lastMessagePreview: 'One more thing',
      })
      expect(message).toMatchObject({ direction: 'INBOUND', status: 'RECEIVED', author: { id: contactId } })
      expect(contact?.id).toBe(contactId)
      expect((await eventsOf(caller, id)).slice(-3)).toEqual([
        `MessageAdded ${contactId}`,
        `ConversationStatusChanged ${contactId}`,
        `ConversationReadStateChanged ${contactId}`,
      ])
      expect(await counts(caller)).toEqual({ open: 1, closed: 0, archived: 0, unread: 1, unassigned: 1 })
    },
  )

  test('read state is set alone, and the state it has already changes nothing', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const { id } = await newConversation(caller)
    const unread = await set(caller, id, { isUnread: true })
    expect(unread).toEqual({ cursor: expect.any(String), conversation: { isUnread: true, status: 'OPEN' } })
    expect(await set(caller, id, { isUnread: true })).toMatchObject({ cursor: null })
    expect(await counts(caller)).toMatchObject({ unread: 1 })
    await set(caller, id, { isUnread: false })
    expect(await counts(caller)).toMatchObject({ unread: 0 })
  })
})

describe('receiveMessage', () => {
  test('opens a conversation with a contact that it names by address, and makes the contact once', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const input = {
      source: 'FORM',
      email: 'Ann@Example.com',
      name: 'Ann',
      subject: 'Hi',
      contentText: 'A question',
    }
    const first = await say(caller, 'receiveMessage', input)
    expect(first.conversation).toMatchObject({
      source: 'FORM',
      subject: 'Hi',
      status: 'OPEN',
      isUnread: true,
    })
    const second = await say(caller, 'receiveMessage', { ...input, email: 'ann@example.com', name: 'Other' })
    expect(second.contact).toEqual({ id: first.contact?.id, email: 'Ann@Example.com', name: 'Ann' })
    expect(second.conversation?.id).not.toBe(first.conversation?.id)
    const third = await say(caller, 'receiveMessage', {
      source: 'CHAT',
      contactId: first.contact?.id,
      contentText: 'Again',
    })
    expect(third.contact?.id).toBe(first.contact?.id)
  })

  test('an address beside the conversation names the author, and leaves the contact as it is', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const { id, contactId } = await newConversation(caller)
    const { message, contact } = await say(caller, 'receiveMessage', {
      source: 'EMAIL',
      conversationId: id,
      email: 'colleague@example.com',
      contentText: 'I answer for Jane.',
    })
    expect(contact?.email).toBe('colleague@example.com')
    expect(message?.author?.id).toBe(contact?.id)
    const { data } = await caller.graphql<{ conversation: { contact: { id: string } } }>(
      'query ($id: ID!) { conversation(id: $id) { contact { id } } }',
      { id },
    )
    expect(data.conversation.contact.id).toBe(contactId)
  })

  test('takes the same externalId of a source once, whatever comes with it, also when 20 come at once', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const input = { source: 'CHAT', email: 'jo@example.com', contentText: 'Hi', externalId: 'chat-1' }
    const answers = await Promise.all(Array.from({ length: 20 }, () => say(caller, 'receiveMessage', input)))
    expect(new Set(answers.map(({ message, cursor }) => `${message?.id} ${cursor}`)).size).toBe(1)
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1)
    const again = await say(caller, 'receiveMessage', { ...input, contentText: 'Other' })
    expect(again).toMatchObject({ replayed: true, message: { text: 'Hi' }, cursor: answers[0]?.cursor })
    const elsewhere = await say(caller, 'receiveMessage', { ...input, source: 'API' })
    expect(elsewhere.replayed).toBe(false)
    expect(await counts(caller)).toMatchObject({ open: 2 })
  })

  test.each([
    ['nobody', {}, []],
    ['a conversation and a contact', { conversationId: 'thd_a', contactId: 'ctc_a' }, []],
    ['a contact and an address', { contactId: 'ctc_a', email: 'jo@example.com' }, []],
    ['two addresses', { email: 'a@example.com, b@example.com' }, ['input', 'email']],
    [
      'a forged header in the name',
      { email: 'a@example.com', name: 'A\r\nBcc: b@example.com' },
      ['input', 'name'],
    ],
    [
      'an id that is too long',
      { email: 'a@example.com', externalId: 'x'.repeat(256) },
      ['input', 'externalId'],
    ],
  ])('refuses %s', async (_what, input, path) => {
    const { client: caller } = await newWorkspace(gateway)
    const { userErrors, conversation } = await say(caller, 'receiveMessage', {
      source: 'EMAIL',
      contentText: 'Hi',
      ...input,
    })
    expect(conversation).toBeNull()
    expect(userErrors).toEqual([
      { code: 'INVALID_INPUT', message: expect.any(String), path: path.length ? path : ['input'] },
    ])
    expect(await counts(caller)).toMatchObject({ open: 0 })
  })

  test('refuses a channel that is for another source', async () => {
    const { client: caller, channelId } = await newWorkspace(gateway)
    const input = { source: 'CHAT', email: 'jo@example.com', contentText: 'Hi', channelId }
    expect((await say(caller, 'receiveMessage', input)).userErrors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'channelId'] },
    ])
    expect((await say(caller, 'receiveMessage', { ...input, source: 'FORM' })).userErrors).toEqual([])
  })
})

describe('whoever may not', () => {
  test("meets another workspace's conversation, contact and channel as if they did not exist", async () => {
    const { client: owner, channelId } = await newWorkspace(gateway)
    const { id, contactId } = await newConversation(owner)
    const { client: stranger } = await newWorkspace(gateway)
    const contentText = 'Hi'
    const notFound = (path: string) => [
      { code: 'NOT_FOUND', message: expect.any(String), path: ['input', path] },
    ]
    for (const mutation of ['replyToConversation', 'addNote'] as const)
      expect((await say(stranger, mutation, { conversationId: id, contentText })).userErrors).toEqual(
        notFound('conversationId'),
      )
    const receive = (input: object) =>
      say(stranger, 'receiveMessage', { source: 'EMAIL', contentText, ...input })
    expect((await receive({ conversationId: id })).userErrors).toEqual(notFound('conversationId'))
    expect((await receive({ contactId })).userErrors).toEqual(notFound('contactId'))
    expect((await receive({ email: 'a@example.com', channelId })).userErrors).toEqual(notFound('channelId'))
    expect(await eventsOf(owner, id)).toHaveLength(3)
  })

  test('is refused without the scope to write', async () => {
    const { id: workspaceId, client: owner } = await newWorkspace(gateway)
    const { id } = await newConversation(owner)
    const { client: reader } = await newClient(gateway, workspaceId, { scopes: ['read'] })
    for (const mutation of ['replyToConversation', 'addNote'] as const)
      await expect(say(reader, mutation, { conversationId: id, contentText: 'Hi' })).rejects.toThrow(
        'FORBIDDEN',
      )
  })
})
