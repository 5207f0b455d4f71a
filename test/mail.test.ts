import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SMTPServerOptions } from 'smtp-server'
import { afterEach, expect, test } from 'vitest'
import { smtpPost } from '../src/mail/post.ts'
import { type Client, type Gateway, newWorkspace, startGateway } from './support/gateway.ts'
import { startMailServer } from './support/mail-server.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function mailServer(options?: SMTPServerOptions) {
  const server = await startMailServer(options)
  open.push(server)
  return server
}

async function gatewayTo(url?: string): Promise<Gateway> {
  const gateway = await startGateway(url ? { post: smtpPost(url) } : {})
  open.push(gateway)
  return gateway
}

type Sent = { id: string; status: string; failureReason: string | null; sentAt: string | null }

async function send(caller: Client, input: object = {}): Promise<Sent> {
  const { data } = await caller.graphql<{ createConversation: { message: Sent } }>(
    `mutation ($input: CreateConversationInput!) {
      createConversation(input: $input) { message { id status failureReason sentAt } }
    }`,
    {
      input: {
        email: 'jane@example.com',
        name: 'Jane, "J" <Doe>',
        subject: 'Grüße',
        contentText: 'Hello Jane',
        ...input,
      },
    },
  )
  return data.createConversation.message
}

test('a message is sent through the SMTP server, to one recipient, and SENT when that accepted it', async () => {
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

test('what the server refuses for good is FAILED, with its reason', async () => {
  const refuse: SMTPServerOptions = {
    onRcptTo: (_address, _session, done) =>
      done(Object.assign(new Error('No such user'), { responseCode: 550 })),
  }
  const gateway = await gatewayTo((await mailServer(refuse)).url)
  const { id: workspaceId, client: caller } = await newWorkspace(gateway)
  const { id, status, failureReason, sentAt } = await send(caller)
  expect({ status, sentAt }).toEqual({ status: 'FAILED', sentAt: null })
  expect(failureReason).toContain('No such user')
  const events = await gateway.db
    .selectFrom('event')
    .select(['type', 'actor_id', 'data'])
    .where('workspace_id', '=', workspaceId)
    .where('actor_id', 'is', null)
    .orderBy('seq')
    .execute()
  expect(events).toEqual([
    {
      type: 'MESSAGE_STATUS_CHANGED',
      actor_id: null,
      data: { messageId: id, previousMessageStatus: 'QUEUED', messageStatus: 'FAILED' },
    },
    { type: 'MESSAGE_ADDED', actor_id: null, data: { messageId: expect.stringMatching(/^msg_/) } },
    { type: 'CONVERSATION_READ_STATE_CHANGED', actor_id: null, data: { isUnread: true } },
  ])
})

test('a server that takes its time keeps the request waiting for 2 seconds, and the message becomes SENT later', async () => {
  const held: (() => void)[] = []
  const slow: SMTPServerOptions = { onRcptTo: (_address, _session, done) => void held.push(() => done()) }
  const { client: caller } = await newWorkspace(await gatewayTo((await mailServer(slow)).url))
  const begun = performance.now()
  const { id, status } = await send(caller)
  const waited = performance.now() - begun
  expect(status).toBe('QUEUED')
  expect(waited).toBeGreaterThan(1_900)
  expect(waited).toBeLessThan(4_000)
  for (const release of held) release()
  const statusNow = async () =>
    (
      await caller.graphql<{ node: Sent }>(
        'query ($id: ID!) { node(id: $id) { ... on Message { status } } }',
        { id },
      )
    ).data.node.status
  await expect.poll(statusNow, { timeout: 10_000 }).toBe('SENT')
})

test('a server that refuses us, not the mail, leaves it QUEUED to be tried again', async () => {
  const refuse: SMTPServerOptions = {
    onMailFrom: (_address, _session, done) =>
      done(Object.assign(new Error('Authentication required'), { responseCode: 530 })),
  }
  const { client: caller } = await newWorkspace(await gatewayTo((await mailServer(refuse)).url))
  expect(await send(caller)).toMatchObject({ status: 'QUEUED', failureReason: null })
})

test('a server that never answers does not keep the gateway from closing', async () => {
  const hang: SMTPServerOptions = { onRcptTo: () => {} }
  const gateway = await startGateway({ post: smtpPost((await mailServer(hang)).url) })
  const { client: caller } = await newWorkspace(gateway)
  expect((await send(caller)).status).toBe('QUEUED')
  const begun = performance.now()
  await gateway.close()
  expect(performance.now() - begun).toBeLessThan(8_000)
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
  await expect.poll(() => mails.length, { timeout: 10_000 }).toBe(2)
  const messageIds = mails.map(mail => /^Message-ID: (.*)$/m.exec(mail.text)?.[1])
  expect(messageIds[0]).toBe(messageIds[1])
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
