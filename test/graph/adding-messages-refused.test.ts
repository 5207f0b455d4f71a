import { describe, expect } from 'vitest'
import { add, eventsOf } from '../support/adding-messages.ts'
import { test } from '../support/fixtures.ts'
import { newClient, newConversation, newWorkspace } from '../support/gateway.ts'

describe('a caller without access', () => {
  test("finds another workspace's conversation, contact and channel as absent as unknown ones", async ({
    gateway,
    acme,
  }) => {
    const { client: owner, channelId } = acme
    const { id, contactId } = await newConversation(owner)
    const { client: stranger } = await newWorkspace(gateway)
    const contentText = 'Hi'
    const notFound = (path: string) => [
      { code: 'NOT_FOUND', message: expect.any(String), path: ['input', path] },
    ]
    for (const mutation of ['replyToConversation', 'addNote'] as const)
      expect((await add(stranger, mutation, { conversationId: id, contentText })).userErrors).toEqual(
        notFound('conversationId'),
      )
    const receive = (input: object) =>
      add(stranger, 'receiveMessage', { source: 'EMAIL', contentText, ...input })
    expect((await receive({ conversationId: id })).userErrors).toEqual(notFound('conversationId'))
    expect((await receive({ contactId })).userErrors).toEqual(notFound('contactId'))
    expect((await receive({ email: 'a@example.com', channelId })).userErrors).toEqual(notFound('channelId'))
    expect(await eventsOf(owner, id)).toHaveLength(3)
  })

  test('is refused without the scope to write', async ({ gateway, acme }) => {
    const { id: workspaceId, client: owner } = acme
    const { id } = await newConversation(owner)
    const { client: reader } = await newClient(gateway, workspaceId, { scopes: ['read'] })
    for (const mutation of ['replyToConversation', 'addNote'] as const)
      await expect(add(reader, mutation, { conversationId: id, contentText: 'Hi' })).rejects.toThrow(
        'FORBIDDEN',
      )
  })
})
