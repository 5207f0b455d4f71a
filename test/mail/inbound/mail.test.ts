import { describe, expect } from 'vitest'
import { changeStatus } from '../../support/conversations.ts'
import { newConversation, newWorkspace } from '../../support/gateway.ts'
import { handIn, mail, shown, test, textsOf } from '../../support/inbound.ts'

describe('a mail', () => {
  test('that belongs nowhere opens a conversation with its sender, through the channel it was sent to', async ({
    acme,
  }) => {
    const { client: caller, id: workspaceId, channelId } = acme
    const { status, body } = await handIn(caller, workspaceId, mail({ Subject: 'Invoice 7' }, 'Where is it?'))
    expect(status).toBe(201)
    expect(body.message).toMatchObject({ contentPreview: 'Where is it?', status: 'RECEIVED' })
    expect(await shown(caller, body.conversation.id)).toMatchObject({
      status: 'OPEN',
      isUnread: true,
      subject: 'Invoice 7',
      contact: { email: 'jane@example.com', name: 'Jane Doe' },
      channel: { id: channelId },
    })
  })

  test('that is handed in twice is taken once', async ({ acme }) => {
    const { client: caller, id: workspaceId } = acme
    const raw = mail({ 'Message-ID': '<1@example.com>' })
    const [first, second] = [
      await handIn(caller, workspaceId, raw),
      await handIn(caller, workspaceId, `Received: x\r\n${raw}`),
    ]
    expect(first).toMatchObject({ status: 201, replayed: null })
    expect(second).toEqual({ ...first, replayed: 'true' })
  })

  test('is recognised for 90 days', async ({ gateway, acme }) => {
    const { client: caller, id: workspaceId } = acme
    const raw = mail({ 'Message-ID': '<1@example.com>' })
    const first = await handIn(caller, workspaceId, raw)
    const keys = await gateway.db
      .selectFrom('idempotency_key')
      .select('expires_at')
      .where('workspace_id', '=', workspaceId)
      .execute()
    expect(keys.map(key => Math.round((Number(key.expires_at) - Date.now()) / 86_400_000))).toEqual([90])
    await gateway.db
      .updateTable('idempotency_key')
      .set({ expires_at: new Date(0) })
      .where('workspace_id', '=', workspaceId)
      .execute()
    expect((await handIn(caller, workspaceId, raw)).body.message.id).not.toBe(first.body.message.id)
  })

  test('that comes with two keys is taken once by either, and another mail with a used key is refused', async ({
    acme,
  }) => {
    const { client: caller, id: workspaceId } = acme
    const raw = mail({ 'Message-ID': '<1@example.com>' })
    const first = await handIn(caller, workspaceId, raw, 'message/rfc822', 'k')
    expect(await handIn(caller, workspaceId, raw, 'message/rfc822', 'k')).toEqual({
      ...first,
      replayed: 'true',
    })
    expect(await handIn(caller, workspaceId, raw, 'message/rfc822', 'other')).toEqual({
      ...first,
      replayed: 'true',
    })
    expect((await handIn(caller, workspaceId, mail({}, 'Else'), 'message/rfc822', 'k')).status).toBe(422)
  })

  test('that another client gave the same Message-ID is another mail', async ({ acme }) => {
    const { client: caller, id: workspaceId } = acme
    const first = await handIn(caller, workspaceId, mail({ 'Message-ID': '<1@example.com>' }, 'One'))
    const second = await handIn(caller, workspaceId, mail({ 'Message-ID': '<1@example.com>' }, 'Two'))
    expect(second.body.message.id).not.toBe(first.body.message.id)
  })

  test.for<[string, (id: string, messageId: string) => Record<string, string>]>([
    ['by its plus-address', (id: string) => ({ To: `"Acme, Support" <reply+${id}@REPLY.example.com>` })],
    [
      'by the address it was delivered to',
      (id: string) => ({ 'Delivered-To': `reply+${id}@reply.example.com` }),
    ],
    [
      'by the mail it replies to',
      (_: string, messageId: string) => ({ 'In-Reply-To': `<${messageId}@gateway.test>` }),
    ],
    [
      'by its references',
      (_: string, messageId: string) => ({ References: `<x@y> <${messageId}@gateway.test>` }),
    ],
  ])('finds its conversation %s, opens it and makes it unread', async ([_how, headers], { acme }) => {
    const { client: caller, id: workspaceId } = acme
    const { id, messageId } = await newConversation(caller)
    await changeStatus(caller, id, 'ARCHIVED')
    const { body } = await handIn(
      caller,
      workspaceId,
      mail(headers(id, messageId), 'Thank you\r\n\r\nOn Monday, Acme wrote:\r\n> Hi'),
    )
    expect(body.conversation.id).toBe(id)
    expect(await shown(caller, id)).toMatchObject({ status: 'OPEN', isUnread: true })
    expect(textsOf(await shown(caller, id))).toEqual(['Hello there', 'Thank you'])
  })

  test("never finds another workspace's conversation", async ({ gateway, acme }) => {
    const { client: owner } = acme
    const { id, messageId } = await newConversation(owner)
    const { client: stranger, id: workspaceId } = await newWorkspace(gateway)
    const headers = { To: `reply+${id}@reply.example.com`, 'In-Reply-To': `<${messageId}@gateway.test>` }
    expect((await handIn(stranger, workspaceId, mail(headers))).body.conversation.id).not.toBe(id)
    expect(textsOf(await shown(owner, id))).toHaveLength(1)
  })

  test('that a machine sent is kept, and changes neither status nor read state', async ({ acme }) => {
    const { client: caller, id: workspaceId } = acme
    const { id } = await newConversation(caller)
    await changeStatus(caller, id, 'CLOSED')
    const headers = { To: `reply+${id}@reply.example.com`, 'Auto-Submitted': 'auto-replied' }
    expect((await handIn(caller, workspaceId, mail(headers, 'I am away.'))).body.conversation.id).toBe(id)
    expect(await shown(caller, id)).toMatchObject({ status: 'CLOSED', isUnread: false })
    expect(textsOf(await shown(caller, id))).toEqual(['Hello there', 'I am away.'])
  })

  test('that is too long for a message is cut, and ends with a mark', async ({ acme }) => {
    const { client: caller, id: workspaceId } = acme
    const { body } = await handIn(caller, workspaceId, mail({}, `${'word '.repeat(30_000)}`))
    const [text] = textsOf(await shown(caller, body.conversation.id))
    expect(text).toHaveLength(100_000)
    expect(text?.endsWith('[truncated]')).toBe(true)
  })

  test('that is empty, or holds only a file, is a message with a text about it', async ({ acme }) => {
    const { client: caller, id: workspaceId } = acme
    const empty = await handIn(caller, workspaceId, mail({}, ''))
    expect(empty.body.message.contentPreview).toBe('[no text]')
    const file = mail(
      {
        'Content-Type': 'application/pdf; name="a.pdf"',
        'Content-Disposition': 'attachment; filename="a.pdf"',
      },
      '%PDF',
    )
    expect((await handIn(caller, workspaceId, file)).body.message.contentPreview).toBe(
      '[attachment: a.pdf, 4 B]',
    )
  })
})
