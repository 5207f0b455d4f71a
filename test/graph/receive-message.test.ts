import { describe, expect } from 'vitest'
import { add } from '../support/adding-messages.ts'
import { counts } from '../support/conversations.ts'
import { test } from '../support/fixtures.ts'
import { newConversation } from '../support/gateway.ts'

describe('receiveMessage', () => {
  test('opens a conversation with a contact that it names by address, and makes the contact once', async ({
    acme,
  }) => {
    const { client: caller } = acme
    const input = {
      source: 'FORM',
      email: 'Ann@Example.com',
      name: 'Ann',
      subject: 'Hi',
      contentText: 'A question',
    }
    const first = await add(caller, 'receiveMessage', input)
    expect(first.conversation).toMatchObject({
      source: 'FORM',
      subject: 'Hi',
      status: 'OPEN',
      isUnread: true,
    })
    const second = await add(caller, 'receiveMessage', { ...input, email: 'ann@example.com', name: 'Other' })
    expect(second.contact).toEqual({ id: first.contact?.id, email: 'Ann@Example.com', name: 'Ann' })
    expect(second.conversation?.id).not.toBe(first.conversation?.id)
    const third = await add(caller, 'receiveMessage', {
      source: 'CHAT',
      contactId: first.contact?.id,
      contentText: 'Again',
    })
    expect(third.contact?.id).toBe(first.contact?.id)
    const { data } = await caller.graphql<{ receiveMessage: { contact: { id: string } | null } }>(
      'mutation ($input: ReceiveMessageInput!) { receiveMessage(input: $input) { contact { id } } }',
      { input },
    )
    expect(data.receiveMessage.contact?.id).toBe(first.contact?.id)
  })

  test('an address beside the conversation names the author, and leaves the contact as it is', async ({
    acme,
  }) => {
    const { client: caller } = acme
    const { id, contactId } = await newConversation(caller)
    const { message, contact } = await add(caller, 'receiveMessage', {
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

  test('takes the same externalId of a source once, also with another text and when 20 come at once', async ({
    acme,
  }) => {
    const { client: caller } = acme
    const input = { source: 'CHAT', email: 'jo@example.com', contentText: 'Hi', externalId: 'chat-1' }
    const answers = await Promise.all(Array.from({ length: 20 }, () => add(caller, 'receiveMessage', input)))
    expect(new Set(answers.map(({ message, cursor }) => `${message?.id} ${cursor}`)).size).toBe(1)
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1)
    const again = await add(caller, 'receiveMessage', { ...input, contentText: 'Other' })
    expect(again).toMatchObject({ replayed: true, message: { text: 'Hi' }, cursor: answers[0]?.cursor })
    const elsewhere = await add(caller, 'receiveMessage', { ...input, source: 'API' })
    expect(elsewhere.replayed).toBe(false)
    expect(await counts(caller)).toMatchObject({ open: 2 })
  })

  test.for<[string, object, string[]]>([
    ['no sender', {}, []],
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
  ])('refuses %s', async ([_what, input, path], { acme }) => {
    const { client: caller } = acme
    const { userErrors, conversation } = await add(caller, 'receiveMessage', {
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

  test('refuses a channel that is for another source', async ({ acme }) => {
    const { client: caller, channelId } = acme
    const input = { source: 'CHAT', email: 'jo@example.com', contentText: 'Hi', channelId }
    expect((await add(caller, 'receiveMessage', input)).userErrors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'channelId'] },
    ])
    expect((await add(caller, 'receiveMessage', { ...input, source: 'FORM' })).userErrors).toEqual([])
  })
})
