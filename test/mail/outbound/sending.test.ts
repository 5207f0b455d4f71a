import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SMTPServerOptions } from 'smtp-server'
import { expect, test } from 'vitest'
import { newWorkspace } from '../../support/gateway.ts'
import { gatewayTo, mailServer, type Sent, send } from '../../support/outbound.ts'

test('a message is sent through the SMTP server, to one recipient, and is SENT when the server accepted it', async () => {
  const { mails, url } = await mailServer()
  const { client: caller } = await newWorkspace(await gatewayTo(url))
  const { id, status, sentAt } = await send(caller)
  expect({ status, sentAt }).toEqual({ status: 'SENT', sentAt: expect.any(String) })
  expect(mails).toHaveLength(1)
  expect(mails[0]).toMatchObject({ from: 'help@acme.test', to: ['jane@example.com'] })
  expect(mails[0]?.text).toContain(`Message-ID: <${id}@gateway.test>`)
  expect(mails[0]?.text).toMatch(/^Subject: =\?UTF-8\?Q\?Gr=C3=BC=C3=9Fe\?=/m)
  expect(mails[0]?.text).toMatch(/\r\n\r\nHello Jane\r\n/)
})

test('without a server each mail is a file', async () => {
  const gateway = await gatewayTo()
  const { client: caller } = await newWorkspace(gateway)
  const { id, status } = await send(caller)
  expect(status).toBe('SENT')
  expect(readdirSync(gateway.mailDirectory)).toEqual([`${id}@gateway.test.eml`])
  const text = readFileSync(join(gateway.mailDirectory, `${id}@gateway.test.eml`), 'utf8')
  expect(text).toMatch(/^From: Mail <help@acme.test>\r$/m)
  expect(text).toMatch(/^To: .*<jane@example.com>\r$/m)
})

test('a text is mailed as it is and as HTML that shows it as it is and runs nothing', async () => {
  const server = await mailServer()
  const { client: caller } = await newWorkspace(
    await gatewayTo(server.url, { mailReplyDomain: 'reply.example.com' }),
  )
  await send(caller, { contentText: 'a < b & "c"\n  <script>1</script>' })
  const [mail] = server.mails
  expect(mail?.text).toMatch(/^Content-Type: multipart\/alternative/m)
  expect(mail?.text).toContain('a < b & "c"\r\n  <script>1</script>')
  expect(mail?.text).toContain('a &lt; b &amp; &quot;c&quot;')
  expect(mail?.text.match(/<script>/g)).toHaveLength(1)
  expect(mail?.text).toMatch(/^Reply-To: Mail <reply\+thd_[0-9a-z]{26}@reply\.example\.com>\r$/m)
  expect(mail?.text).not.toMatch(/^(In-Reply-To|References):/m)
})

test('without a channel a mail comes from MAIL_FROM, and a reply to a form goes out by mail', async () => {
  const server = await mailServer()
  const gateway = await gatewayTo(server.url)
  const { id: workspaceId, client: caller } = await newWorkspace(gateway)
  const { data } = await caller.graphql<{ receiveMessage: { conversation: { id: string } } }>(
    'mutation { receiveMessage(input: { source: FORM, email: "jo@example.com", subject: "Form", contentText: "Hi" }) { conversation { id } } }',
  )
  const reply = () =>
    caller.graphql(
      'mutation ($id: ID!) { replyToConversation(input: { conversationId: $id, contentText: "Hello" }) { cursor } }',
      { id: data.receiveMessage.conversation.id },
    )
  await reply()
  await gateway.db.deleteFrom('channel').where('workspace_id', '=', workspaceId).execute()
  await reply()
  expect(server.mails.map(({ from, to }) => [from, ...to])).toEqual([
    ['help@acme.test', 'jo@example.com'],
    ['support@gateway.test', 'jo@example.com'],
  ])
  expect(server.mails[0]?.text).toMatch(/^Subject: Re: Form\r$/m)
})

test('a slow server holds the request for 2 seconds, and the message becomes SENT later', async () => {
  const held: (() => void)[] = []
  const slow: SMTPServerOptions = { onRcptTo: (_address, _session, done) => void held.push(() => done()) }
  const { client: caller } = await newWorkspace(await gatewayTo((await mailServer(slow)).url))
  const begun = performance.now()
  const { id, status } = await send(caller)
  const waited = performance.now() - begun
  expect(status).toBe('QUEUED')
  expect(waited).toBeGreaterThan(1_900)
  expect(waited).toBeLessThan(15_000)
  for (const release of held) release()
  const statusNow = async () =>
    (
      await caller.graphql<{ node: Sent }>(
        'query ($id: ID!) { node(id: $id) { ... on Message { status } } }',
        { id },
      )
    ).data.node.status
  await expect.poll(statusNow).toBe('SENT')
})

test('a mail server that never answers does not keep the gateway from closing', async () => {
  const hang: SMTPServerOptions = { onRcptTo: () => {} }
  const gateway = await gatewayTo((await mailServer(hang)).url)
  const { client: caller } = await newWorkspace(gateway)
  expect((await send(caller)).status).toBe('QUEUED')
  const begun = performance.now()
  await gateway.close()
  expect(performance.now() - begun).toBeLessThan(10_000)
})

test('a message that is queued when the process ends is delivered by the next one', async () => {
  const { mails, url } = await mailServer()
  const gateway = await gatewayTo(url)
  const { id: workspaceId, client: caller } = await newWorkspace(gateway)
  const { id } = await send(caller)
  // As a process leaves it that ended between its commit and its first attempt.
  await gateway.db
    .updateTable('message')
    .set({ status: 'QUEUED', next_attempt_at: new Date(), sent_at: null })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .execute()
  await expect.poll(() => mails.length).toBe(2)
  const messageIds = mails.map(mail => /^Message-ID: (.*)$/m.exec(mail.text)?.[1])
  expect(messageIds[0]).toBe(messageIds[1])
})

test('of many messages at once to a server that never answers, 20 are tried and the others wait', async () => {
  let connections = 0
  const server = await mailServer({
    play: () => ({ at: 'RCPT TO', answer: 'hang' }),
    step: step => void (step === 'connect' && connections++),
  })
  const { client: caller } = await newWorkspace(await gatewayTo(server.url))
  const sent = await Promise.all(
    Array.from({ length: 60 }, (_, index) => send(caller, { email: `a${index}@example.com` })),
  )
  expect(new Set(sent.map(({ status }) => status))).toEqual(new Set(['QUEUED']))
  expect(connections).toBeGreaterThan(0)
  expect(connections).toBeLessThanOrEqual(20)
})
