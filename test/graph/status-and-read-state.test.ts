import { describe, expect } from 'vitest'
import { add, eventsOf, type State, set } from '../support/adding-messages.ts'
import { counts } from '../support/conversations.ts'
import { test } from '../support/fixtures.ts'
import { newConversation } from '../support/gateway.ts'

describe('status and read state', () => {
  test('a reply is queued for mail, becomes the preview, makes it read and keeps its status', async ({
    acme,
  }) => {
    const { client: caller, agentId } = acme
    const { id } = await newConversation(caller)
    await set(caller, id, { status: 'CLOSED', isUnread: true })
    const { conversation, message, userErrors } = await add(caller, 'replyToConversation', {
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

  test.for(['CHAT', 'API'])(
    'a reply in a %s conversation is SENT at once and never mailed',
    async (source, { gateway, acme }) => {
      const { client: caller, id: workspaceId } = acme
      const received = await add(caller, 'receiveMessage', {
        source,
        email: 'jo@example.com',
        contentText: 'Hi',
      })
      const { message } = await add(caller, 'replyToConversation', {
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

  test('a note changes neither preview, order, status nor read state, and is never mailed', async ({
    acme,
  }) => {
    const { client: caller, agentId } = acme
    const { id } = await newConversation(caller)
    await set(caller, id, { status: 'ARCHIVED', isUnread: true })
    const before = await caller.graphql<{ conversation: State }>(
      'query ($id: ID!) { conversation(id: $id) { status isUnread lastMessagePreview lastMessageAt } }',
      { id },
    )
    const { conversation, message } = await add(caller, 'addNote', {
      conversationId: id,
      contentText: 'She called.',
    })
    expect(conversation).toMatchObject(before.data.conversation)
    expect(message).toMatchObject({ direction: 'NOTE', status: 'STORED', author: { id: agentId } })
    expect((await eventsOf(caller, id)).at(-1)).toBe(`MessageAdded ${agentId}`)
  })

  test.for(['CLOSED', 'ARCHIVED'])(
    'a message received opens a %s conversation and makes it unread',
    async (status, { acme }) => {
      const { client: caller } = acme
      const { id, contactId } = await newConversation(caller)
      await set(caller, id, { status })
      const { conversation, message, contact } = await add(caller, 'receiveMessage', {
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

  test('read state is set alone, and setting the current state changes nothing', async ({ acme }) => {
    const { client: caller } = acme
    const { id } = await newConversation(caller)
    const unread = await set(caller, id, { isUnread: true })
    expect(unread).toEqual({ cursor: expect.any(String), conversation: { isUnread: true, status: 'OPEN' } })
    expect(await set(caller, id, { isUnread: true })).toMatchObject({ cursor: null })
    expect(await counts(caller)).toMatchObject({ unread: 1 })
    await set(caller, id, { isUnread: false })
    expect(await counts(caller)).toMatchObject({ unread: 0 })
  })
})
