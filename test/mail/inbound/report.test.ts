import { describe, expect } from 'vitest'
import { changeStatus } from '../../support/conversations.ts'
import { newConversation, newWorkspace } from '../../support/gateway.ts'
import { handIn, mail, reportAddressOf, shown, test, textsOf } from '../../support/inbound.ts'

/** A report about a message, as it comes to an address. */
const report = (messageId: string, to: Record<string, string>, { action = 'failed', words = '' } = {}) =>
  mail(
    {
      From: 'MAILER-DAEMON@mx.example.com',
      'Content-Type': 'multipart/report; report-type=delivery-status; boundary=b',
      'Auto-Submitted': 'auto-replied',
      ...to,
    },
    [
      '--b\r\n\r\nIt could not be delivered.\r\n',
      '--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n',
      `Final-Recipient: rfc822; jane@example.com\r\nAction: ${action}\r\nStatus: 5.1.1`,
      `Diagnostic-Code: smtp; 550 5.1.1 No such user here${words}\r\n`,
      `--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <${messageId}@gateway.test>\r\n\r\n--b--\r\n`,
    ].join('\r\n'),
  )

describe('a report to the address that its mail was sent from', () => {
  test('fails the message with the reason, once, adds a note with it, and opens the conversation', async ({
    acme,
    mailServer,
  }) => {
    const { client: caller, id: workspaceId } = acme
    const { id, messageId } = await newConversation(caller)
    await changeStatus(caller, id, 'CLOSED')
    const To = reportAddressOf(mailServer, messageId)
    const first = await handIn(caller, workspaceId, report(messageId, { To }))
    expect(first).toMatchObject({
      status: 200,
      replayed: null,
      body: { message: { id: messageId, status: 'FAILED' } },
    })
    expect(await handIn(caller, workspaceId, report(messageId, { To }))).toMatchObject({
      status: 200,
      replayed: 'true',
    })
    const conversation = await shown(caller, id)
    expect(conversation).toMatchObject({ status: 'OPEN', isUnread: true })
    const reason = 'The mail came back: "550 5.1.1 No such user here"'
    expect(conversation.messages.edges.map(({ node }) => node)).toMatchObject([
      { status: 'FAILED', failureReason: reason },
      { direction: 'NOTE', text: `A message could not be delivered. ${reason}` },
    ])
  })

  test.for(['Delivered-To', 'X-Original-To', 'Envelope-To'])(
    'is believed in lower case, and when only %s names the address',
    async (name, { acme, mailServer }) => {
      const { client: caller, id: workspaceId } = acme
      const { messageId } = await newConversation(caller)
      const to = { [name]: `<${reportAddressOf(mailServer, messageId).toLowerCase()}>` }
      const { body } = await handIn(caller, workspaceId, report(messageId, to))
      expect(body.message).toMatchObject({ id: messageId, status: 'FAILED' })
    },
  )

  test('fails the message of the address, even if it names another mail', async ({ acme, mailServer }) => {
    const { client: caller, id: workspaceId } = acme
    const [one, other] = [await newConversation(caller), await newConversation(caller, 'jo@example.com')]
    const to = { To: reportAddressOf(mailServer, one.messageId) }
    const { body } = await handIn(caller, workspaceId, report(other.messageId, to))
    expect(body.message.id).toBe(one.messageId)
    expect((await shown(caller, other.id)).messages.edges[0]?.node.status).toBe('SENT')
  })

  test('is quoted in our note, and cannot end the quotation', async ({ acme, mailServer }) => {
    const { client: caller, id: workspaceId } = acme
    const { id, messageId } = await newConversation(caller)
    const words = '". Security notice: "resend\u202e it to boss@evil.test'
    const to = { To: reportAddressOf(mailServer, messageId) }
    await handIn(caller, workspaceId, report(messageId, to, { words }))
    expect(textsOf(await shown(caller, id)).at(-1)).toBe(
      'A message could not be delivered. The mail came back: "550 5.1.1 No such user here. Security notice: resend it to boss@evil.test"',
    )
  })

  test('of a delay fails nothing and is kept as a message', async ({ acme, mailServer }) => {
    const { client: caller, id: workspaceId } = acme
    const { id, messageId } = await newConversation(caller)
    const to = { To: reportAddressOf(mailServer, messageId) }
    const { status } = await handIn(caller, workspaceId, report(messageId, to, { action: 'delayed' }))
    expect(status).toBe(201)
    expect((await shown(caller, id)).messages.edges.map(({ node }) => node.status)).toEqual([
      'SENT',
      'RECEIVED',
    ])
  })
})

describe('a report that does not prove to know the mail', () => {
  test.for<[string, (address: string) => string]>([
    ["to the team's address", () => 'help@acme.test'],
    ['with a wrong proof', address => address.replace(/\+[^+@]*@/, `+${'a'.repeat(24)}@`)],
    ['with a cut proof', address => address.replace(/.@/, '@')],
    ['with no proof', address => address.replace(/\+[^+@]*@/, '@')],
    ['to another domain', address => address.replace(/@.*/, '@evil.test')],
  ])('%s is kept as a message and changes nothing else', async ([_how, forge], { acme, mailServer }) => {
    const { client: caller, id: workspaceId } = acme
    const { id, messageId } = await newConversation(caller)
    await changeStatus(caller, id, 'CLOSED')
    const to = { From: 'stranger@evil.test', To: forge(reportAddressOf(mailServer, messageId)) }
    const { status, body } = await handIn(caller, workspaceId, report(messageId, to))
    expect({ status, conversation: body.conversation }).toEqual({ status: 201, conversation: { id } })
    const conversation = await shown(caller, id)
    expect(conversation).toMatchObject({ status: 'CLOSED', isUnread: false })
    expect(conversation.messages.edges.map(({ node }) => node)).toMatchObject([
      { direction: 'OUTBOUND', status: 'SENT', failureReason: null },
      { direction: 'INBOUND', status: 'RECEIVED' },
    ])
  })

  test('with the proof of another message of the workspace is not believed', async ({ acme, mailServer }) => {
    const { client: caller, id: workspaceId } = acme
    const [one, other] = [await newConversation(caller), await newConversation(caller, 'jo@example.com')]
    const To = reportAddressOf(mailServer, one.messageId).replace(one.messageId, other.messageId)
    expect((await handIn(caller, workspaceId, report(other.messageId, { To }))).status).toBe(201)
    for (const { id } of [one, other])
      expect((await shown(caller, id)).messages.edges[0]?.node.status).toBe('SENT')
  })

  test("fails no other workspace's message, even with the right proof", async ({
    gateway,
    acme,
    mailServer,
  }) => {
    const { client: owner } = acme
    const { id, messageId } = await newConversation(owner)
    const { client: stranger, id: workspaceId } = await newWorkspace(gateway)
    const to = { To: reportAddressOf(mailServer, messageId) }
    expect((await handIn(stranger, workspaceId, report(messageId, to))).status).toBe(201)
    expect((await shown(owner, id)).messages.edges[0]?.node.status).toBe('SENT')
  })
})
