import { describe, expect } from 'vitest'
import { newClient, newWorkspace } from '../../support/gateway.ts'
import { handIn, headerOf, mail, sent, test } from '../../support/inbound.ts'

describe('a mail', () => {
  test('that forges headers in its subject and name adds no recipient to the reply', async ({
    acme,
    mailServer,
  }) => {
    const { client: caller, id: workspaceId } = acme
    const forged = '=?utf-8?Q?a=0D=0ABcc:_victim@example.com?='
    const { body } = await handIn(
      caller,
      workspaceId,
      mail({ Subject: forged, From: `${forged} <jane@example.com>` }),
    )
    const { data } = await caller.graphql<{
      replyToConversation: { message: { id: string; status: string } }
    }>(
      'mutation ($id: ID!) { replyToConversation(input: { conversationId: $id, contentText: "Hi" }) { message { id status } } }',
      { id: body.conversation.id },
    )
    const { id, status } = data.replyToConversation.message
    expect(status).toBe('SENT')
    expect(mailServer.mails.find(each => each.text.includes(id))?.to).toEqual(['jane@example.com'])
    expect(headerOf(sent(mailServer, id), 'Bcc')).toBeUndefined()
  })

  test.for<[string, Record<string, string>]>([
    ['without a sender', { From: '' }],
    ['whose sender is no address', { From: 'nobody' }],
  ])('%s is refused', async ([_what, headers], { acme }) => {
    const { client: caller, id: workspaceId } = acme
    const { status, body } = await handIn(caller, workspaceId, mail(headers))
    expect({ status, body }).toEqual({
      status: 400,
      body: { statusCode: 400, error: 'Bad Request', message: expect.stringContaining('sender') },
    })
  })

  test('of more than 25 MiB, of another type, with a read key or for another workspace is refused', async ({
    gateway,
    acme,
  }) => {
    const { client: caller, id: workspaceId } = acme
    const { client: reader } = await newClient(gateway, workspaceId, { scopes: ['read'] })
    const other = await newWorkspace(gateway)
    const large = Buffer.alloc(25 * 1024 * 1024 + 1, 'a')
    expect(await handIn(caller, workspaceId, large)).toMatchObject({
      status: 413,
      body: { statusCode: 413, error: 'Payload Too Large', message: 'The body is larger than 25 MiB.' },
    })
    expect(await handIn(caller, workspaceId, mail({}), 'application/json')).toMatchObject({
      status: 415,
      body: {
        statusCode: 415,
        error: 'Unsupported Media Type',
        message: 'Content-Type must be message/rfc822.',
      },
    })
    expect((await handIn(reader, workspaceId, mail({}))).status).toBe(403)
    expect((await handIn(caller, other.id, mail({}))).status).toBe(404)
  })

  test('just below 25 MiB is taken', async ({ acme }) => {
    const { client: caller, id: workspaceId } = acme
    const lines = `${'QUJD'.repeat(19)}\r\n`.repeat(300_000)
    const file = mail(
      { 'Content-Type': 'application/zip; name="all.zip"', 'Content-Transfer-Encoding': 'base64' },
      lines,
    )
    expect((await handIn(caller, workspaceId, file)).body.message.contentPreview).toMatch(
      /^\[attachment: all\.zip, 17\.\d MB\]$/,
    )
  })
})
