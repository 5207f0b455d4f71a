import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { SMTPServerOptions } from 'smtp-server'
import { afterEach, expect, test } from 'vitest'
import { bounce } from '../src/domain/message/settle.ts'
import { smtpPost } from '../src/mail/post.ts'
import {
  type Client,
  type Gateway,
  type GatewayOptions,
  newWorkspace,
  startGateway,
} from './support/gateway.ts'
import { startMailServer } from './support/mail-server.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function mailServer(options?: Parameters<typeof startMailServer>[0]) {
  const server = await startMailServer(options)
  open.push(server)
  return server
}

async function gatewayTo(url?: string, options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await startGateway({ ...(url ? { post: smtpPost(url) } : {}), ...options })
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

type Row = {
  status: string
  failure_reason: string | null
  attempts: number
  next_attempt_at: Date | null
  mail_id: string | null
}

const rowOf = (gateway: Gateway, id: string): Promise<Row> =>
  gateway.db
    .selectFrom('message')
    .select(['status', 'failure_reason', 'attempts', 'next_attempt_at', 'mail_id'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()

const hurry = (gateway: Gateway, id: string) =>
  gateway.db
    .updateTable('message')
    .set({ next_attempt_at: new Date(0) })
    .where('id', '=', id)
    .execute()

async function notesOf(caller: Client, id: string) {
  const { data } = await caller.graphql<{
    node: {
      conversation: {
        status: string
        isUnread: boolean
        messages: { edges: { node: { text: string; author: null } }[] }
      }
    }
  }>(
    `query ($id: ID!) { node(id: $id) { ... on Message { conversation { status isUnread
      messages(first: 10, direction: [NOTE]) { edges { node { text author { id } } } } } } } }`,
    { id },
  )
  const { messages, ...state } = data.node.conversation
  return { ...state, notes: messages.edges.map(({ node }) => node) }
}

test.each([
  { at: 'MAIL FROM', answer: 552 },
  { at: 'RCPT TO', answer: 550 },
  { at: 'DATA', answer: 554 },
] as const)('$answer to $at is FAILED after one attempt, and a note shows it to the team', async play => {
  const server = await mailServer({ play: () => play })
  const { client: caller } = await newWorkspace(await gatewayTo(server.url))
  const { id, status, failureReason } = await send(caller)
  expect({ status, failureReason }).toEqual({
    status: 'FAILED',
    failureReason: expect.stringContaining(String(play.answer)),
  })
  expect(await notesOf(caller, id)).toEqual({
    status: 'OPEN',
    isUnread: true,
    notes: [{ text: `A message could not be delivered. ${failureReason}`, author: null }],
  })
})

test.each([
  { at: 'RCPT TO', answer: 450 },
  { at: 'DATA', answer: 451 },
  { at: 'RCPT TO', answer: 'drop' },
] as const)('$answer at $at leaves it QUEUED, and the next attempt sends it', async play => {
  const server = await mailServer({ play: (_recipient, attempt) => (attempt === 1 ? play : null) })
  const gateway = await gatewayTo(server.url)
  const { client: caller } = await newWorkspace(gateway)
  const { id, status } = await send(caller)
  expect(status).toBe('QUEUED')
  const { attempts, next_attempt_at: next } = await rowOf(gateway, id)
  expect(attempts).toBe(1)
  expect(Number(next) - Date.now()).toBeGreaterThan(20_000)
  await hurry(gateway, id)
  await expect.poll(async () => (await rowOf(gateway, id)).status, { timeout: 10_000 }).toBe('SENT')
  expect(server.mails).toHaveLength(1)
  expect(await notesOf(caller, id)).toMatchObject({ isUnread: false, notes: [] })
})

test('a lost answer is UNCONFIRMED, and the mail goes out again late with the same Message-ID', async () => {
  const lost = { at: 'DATA', answer: 'drop' } as const
  const server = await mailServer({ play: (_recipient, attempt) => (attempt === 1 ? lost : null) })
  const gateway = await gatewayTo(server.url)
  const { client: caller } = await newWorkspace(gateway)
  const { id, status, failureReason } = await send(caller)
  expect({ status, failureReason }).toEqual({ status: 'UNCONFIRMED', failureReason: null })
  const { next_attempt_at: next } = await rowOf(gateway, id)
  expect(Number(next) - Date.now()).toBeGreaterThan(10 * 60_000)
  await hurry(gateway, id)
  await expect.poll(async () => (await rowOf(gateway, id)).status, { timeout: 10_000 }).toBe('SENT')
  expect(server.mails.map(({ messageId }) => messageId)).toEqual([
    `<${id}@gateway.test>`,
    `<${id}@gateway.test>`,
  ])
})

test('an answer that is lost twice stays UNCONFIRMED, is not tried again, and the team is told', async () => {
  const server = await mailServer({ play: () => ({ at: 'DATA', answer: 'drop' }) })
  const gateway = await gatewayTo(server.url)
  const { client: caller } = await newWorkspace(gateway)
  const { id } = await send(caller)
  await hurry(gateway, id)
  await expect.poll(async () => (await rowOf(gateway, id)).next_attempt_at, { timeout: 10_000 }).toBeNull()
  expect(await rowOf(gateway, id)).toMatchObject({ status: 'UNCONFIRMED', attempts: 2 })
  expect(await notesOf(caller, id)).toEqual({
    status: 'OPEN',
    isUnread: true,
    notes: [{ text: expect.stringContaining('not certain'), author: null }],
  })
})

test('the last of 100 attempts fails it, with what the server said, and the team is told', async () => {
  const server = await mailServer({ play: () => ({ at: 'RCPT TO', answer: 451 }) })
  const gateway = await gatewayTo(server.url)
  const { client: caller } = await newWorkspace(gateway)
  const { id } = await send(caller)
  await gateway.db.updateTable('message').set({ attempts: 99 }).where('id', '=', id).execute()
  await hurry(gateway, id)
  await expect.poll(async () => (await rowOf(gateway, id)).status, { timeout: 10_000 }).toBe('FAILED')
  expect((await rowOf(gateway, id)).failure_reason).toContain('451')
  expect((await notesOf(caller, id)).notes).toHaveLength(1)
})

test('a text is mailed as it is and as HTML that shows it so, and can do nothing else', async () => {
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

test('of a workspace without a channel it comes from MAIL_FROM, and a form is answered by mail', async () => {
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

test('a report that comes while the answer of the mail server is on its way is not undone by it', async () => {
  const held: (() => void)[] = []
  const server = await mailServer({
    step: step => (step === 'DATA taken' ? new Promise(resolve => held.push(resolve)) : undefined),
  })
  const gateway = await gatewayTo(server.url)
  const { id: workspaceId, client: caller } = await newWorkspace(gateway)
  const sending = send(caller)
  await expect.poll(() => held.length).toBe(1)
  const { id = '', conversationId = '' } =
    (await gateway.db
      .selectFrom('message')
      .select(['id', 'conversation_id as conversationId'])
      .where('workspace_id', '=', workspaceId)
      .executeTakeFirst()) ?? {}
  const operation = { db: gateway.db, committed() {} }
  expect(await bounce(operation, { workspaceId, id, conversationId }, 'It came back.')).toBe(true)
  for (const release of held) release()
  expect((await sending).status).toBe('FAILED')
  expect(await rowOf(gateway, id)).toMatchObject({ status: 'FAILED', failure_reason: 'It came back.' })
})

test('a mail that was accepted while its outcome could not be kept at once goes out once', async () => {
  const server = await mailServer()
  const gateway = await gatewayTo(server.url)
  await sql`create sequence settling`.execute(gateway.db)
  await sql`
    create function fail_twice() returns trigger language plpgsql as $$ begin
      if new.status = 'SENT' and nextval('settling') <= 2 then raise exception 'not now' using errcode = '57014'; end if;
      return new;
    end $$`.execute(gateway.db)
  await sql`create trigger fail_twice before update on message for each row execute function fail_twice()`.execute(
    gateway.db,
  )
  const { client: caller } = await newWorkspace(gateway)
  const { id } = await send(caller)
  await expect.poll(async () => (await rowOf(gateway, id)).status, { timeout: 10_000 }).toBe('SENT')
  expect(await rowOf(gateway, id)).toMatchObject({ attempts: 1, next_attempt_at: null })
  expect(server.mails).toHaveLength(1)
})

test('a refusal in characters that no text can hold is a refusal all the same', async () => {
  const refuse: SMTPServerOptions = {
    onRcptTo: (_address, _session, done) =>
      done(Object.assign(new Error(`No\0such ${'user '.repeat(1_000)}`), { responseCode: 550 })),
  }
  const { client: caller } = await newWorkspace(await gatewayTo((await mailServer(refuse)).url))
  const { status, failureReason } = await send(caller)
  expect(status).toBe('FAILED')
  expect(failureReason?.length).toBeLessThan(600)
})

test('of many messages at once to a server that says nothing, 20 are tried and the others wait', async () => {
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
