import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { smtpPost } from '../src/mail/post.ts'
import {
  type Client,
  type Gateway,
  newClient,
  newConversation,
  newWorkspace,
  startGateway,
} from './support/gateway.ts'
import { overSocket, socketClient } from './support/live.ts'
import { startMailServer } from './support/mail-server.ts'

let gateway: Gateway
let server: Awaited<ReturnType<typeof startMailServer>>
beforeAll(async () => {
  server = await startMailServer()
  gateway = await startGateway({ post: smtpPost(server.url), mailReplyDomain: 'reply.example.com' })
})
afterAll(async () => {
  await gateway.close()
  await server.close()
})

const mail = (headers: Record<string, string>, body = 'Hello') =>
  `${Object.entries({ From: 'Jane Doe <jane@example.com>', To: 'help@acme.test', ...headers })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`)
    .join('\r\n')}\r\n\r\n${body}`

type Body = { conversation: { id: string }; message: { id: string; contentPreview: string; status: string } }

async function hand(
  from: Client,
  workspaceId: string,
  raw: string | Buffer,
  type = 'message/rfc822',
  key?: string,
) {
  const response = await fetch(`${gateway.url}/v1/workspaces/${workspaceId}/support/inbox/inbound-emails`, {
    method: 'POST',
    headers: {
      authorization: from.authorization,
      'content-type': type,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body: typeof raw === 'string' ? raw : new Uint8Array(raw),
  })
  const body = (await response.json()) as Body & { statusCode: number; message: string }
  return { status: response.status, replayed: response.headers.get('idempotency-replayed'), body }
}

type Shown = {
  status: string
  isUnread: boolean
  subject: string | null
  contact: { email: string; name: string | null }
  channel: { id: string } | null
  messages: {
    edges: { node: { text: string; direction: string; status: string; failureReason: string | null } }[]
  }
}

async function shown(from: Client, id: string): Promise<Shown> {
  const { data } = await from.graphql<{ conversation: Shown }>(
    `query ($id: ID!) { conversation(id: $id) { status isUnread subject contact { email name } channel { id }
      messages(first: 50) { edges { node { text direction status failureReason } } } } }`,
    { id },
  )
  return data.conversation
}

const textsOf = ({ messages }: Shown) => messages.edges.map(({ node }) => node.text)

const setStatus = (from: Client, id: string, status: string) =>
  from.graphql(
    'mutation ($id: ID!, $status: ConversationStatus!) { setConversationStatus(input: { conversationId: $id, status: $status }) { cursor } }',
    { id, status },
  )

/** The mail that the server got for this message. */
const sent = (messageId: string) => {
  const found = server.mails.find(({ text: raw }) => raw.includes(`Message-ID: <${messageId}@`))
  if (!found) throw new Error('No such mail has been sent.')
  return found.text
}
const headerOf = (raw: string, name: string) =>
  new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'im').exec(raw)?.[1]?.replace(/\r\n[ \t]+/g, ' ')

describe('a mail', () => {
  test('that belongs nowhere opens a conversation with its sender, through the channel it was sent to', async () => {
    const { client: caller, id: workspaceId, channelId } = await newWorkspace(gateway)
    const { status, body } = await hand(caller, workspaceId, mail({ Subject: 'Invoice 7' }, 'Where is it?'))
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

  test('that is handed in twice is taken once', async () => {
    const { client: caller, id: workspaceId } = await newWorkspace(gateway)
    const raw = mail({ 'Message-ID': '<1@example.com>' })
    const [first, second] = [
      await hand(caller, workspaceId, raw),
      await hand(caller, workspaceId, `Received: x\r\n${raw}`),
    ]
    expect(first).toMatchObject({ status: 201, replayed: null })
    expect(second).toEqual({ ...first, replayed: 'true' })
  })

  test('that is handed in by two names is taken once by either, and another mail by a name that is taken is refused', async () => {
    const { client: caller, id: workspaceId } = await newWorkspace(gateway)
    const raw = mail({ 'Message-ID': '<1@example.com>' })
    const first = await hand(caller, workspaceId, raw, 'message/rfc822', 'k')
    expect(await hand(caller, workspaceId, raw, 'message/rfc822', 'k')).toEqual({
      ...first,
      replayed: 'true',
    })
    expect(await hand(caller, workspaceId, raw, 'message/rfc822', 'other')).toEqual({
      ...first,
      replayed: 'true',
    })
    expect((await hand(caller, workspaceId, mail({}, 'Else'), 'message/rfc822', 'k')).status).toBe(422)
  })

  test('that another client gave the same Message-ID is another mail', async () => {
    const { client: caller, id: workspaceId } = await newWorkspace(gateway)
    const first = await hand(caller, workspaceId, mail({ 'Message-ID': '<1@example.com>' }, 'One'))
    const second = await hand(caller, workspaceId, mail({ 'Message-ID': '<1@example.com>' }, 'Two'))
    expect(second.body.message.id).not.toBe(first.body.message.id)
  })

  test.each([
    ['by its plus-address', (id: string) => ({ To: `"Acme, Support" <reply+${id}@REPLY.example.com>` })],
    [
      'by the address it was delivered to',
      (id: string) => ({ 'Delivered-To': `reply+${id}@reply.example.com` }),
    ],
    [
      'by the mail it answers',
      (_: string, messageId: string) => ({ 'In-Reply-To': `<${messageId}@gateway.test>` }),
    ],
    [
      'by its references',
      (_: string, messageId: string) => ({ References: `<x@y> <${messageId}@gateway.test>` }),
    ],
  ])('finds its conversation %s, opens it and makes it unread', async (_how, headers) => {
    const { client: caller, id: workspaceId } = await newWorkspace(gateway)
    const { id, messageId } = await newConversation(caller)
    await setStatus(caller, id, 'ARCHIVED')
    const { body } = await hand(
      caller,
      workspaceId,
      mail(headers(id, messageId), 'Thank you\r\n\r\nOn Monday, Acme wrote:\r\n> Hi'),
    )
    expect(body.conversation.id).toBe(id)
    expect(await shown(caller, id)).toMatchObject({ status: 'OPEN', isUnread: true })
    expect(textsOf(await shown(caller, id))).toEqual(['Hello there', 'Thank you'])
  })

  test("never finds another workspace's conversation", async () => {
    const { client: owner } = await newWorkspace(gateway)
    const { id, messageId } = await newConversation(owner)
    const { client: stranger, id: workspaceId } = await newWorkspace(gateway)
    const headers = { To: `reply+${id}@reply.example.com`, 'In-Reply-To': `<${messageId}@gateway.test>` }
    expect((await hand(stranger, workspaceId, mail(headers))).body.conversation.id).not.toBe(id)
    expect(textsOf(await shown(owner, id))).toHaveLength(1)
  })

  test('that a machine answers is kept, and opens and unreads nothing', async () => {
    const { client: caller, id: workspaceId } = await newWorkspace(gateway)
    const { id } = await newConversation(caller)
    await setStatus(caller, id, 'CLOSED')
    const headers = { To: `reply+${id}@reply.example.com`, 'Auto-Submitted': 'auto-replied' }
    expect((await hand(caller, workspaceId, mail(headers, 'I am away.'))).body.conversation.id).toBe(id)
    expect(await shown(caller, id)).toMatchObject({ status: 'CLOSED', isUnread: false })
    expect(textsOf(await shown(caller, id))).toEqual(['Hello there', 'I am away.'])
  })

  test('that is too long for a message is cut, and says so', async () => {
    const { client: caller, id: workspaceId } = await newWorkspace(gateway)
    const { body } = await hand(caller, workspaceId, mail({}, `${'word '.repeat(30_000)}`))
    const [text] = textsOf(await shown(caller, body.conversation.id))
    expect(text).toHaveLength(100_000)
    expect(text?.endsWith('[truncated]')).toBe(true)
  })

  test('that is empty, or holds only a file, is a message that says so', async () => {
    const { client: caller, id: workspaceId } = await newWorkspace(gateway)
    const empty = await hand(caller, workspaceId, mail({}, ''))
    expect(empty.body.message.contentPreview).toBe('[no text]')
    const file = mail(
      {
        'Content-Type': 'application/pdf; name="a.pdf"',
        'Content-Disposition': 'attachment; filename="a.pdf"',
      },
      '%PDF',
    )
    expect((await hand(caller, workspaceId, file)).body.message.contentPreview).toBe(
      '[attachment: a.pdf, 4 B]',
    )
  })

  test('that forges headers in its subject and name adds no recipient to the answer', async () => {
    const { client: caller, id: workspaceId } = await newWorkspace(gateway)
    const forged = '=?utf-8?Q?a=0D=0ABcc:_victim@example.com?='
    const { body } = await hand(
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
    expect(server.mails.find(each => each.text.includes(id))?.to).toEqual(['jane@example.com'])
    expect(headerOf(sent(id), 'Bcc')).toBeUndefined()
  })

  test.each([
    ['without a sender', { From: '' }],
    ['whose sender is no address', { From: 'nobody' }],
  ])('%s is refused', async (_what, headers) => {
    const { client: caller, id: workspaceId } = await newWorkspace(gateway)
    const { status, body } = await hand(caller, workspaceId, mail(headers))
    expect({ status, body }).toEqual({
      status: 400,
      body: { statusCode: 400, error: 'Bad Request', message: expect.stringContaining('sender') },
    })
  })

  test('of more than 25 MB, of another type, with a read key or for another workspace is refused', async () => {
    const { client: caller, id: workspaceId } = await newWorkspace(gateway)
    const { client: reader } = await newClient(gateway, workspaceId, { scopes: ['read'] })
    const other = await newWorkspace(gateway)
    const large = Buffer.alloc(25 * 1024 * 1024 + 1, 'a')
    expect((await hand(caller, workspaceId, large)).status).toBe(413)
    expect((await hand(caller, workspaceId, mail({}), 'application/json')).status).toBe(415)
    expect((await hand(reader, workspaceId, mail({}))).status).toBe(403)
    expect((await hand(caller, other.id, mail({}))).status).toBe(404)
  })

  test('of 24 MB is taken', async () => {
    const { client: caller, id: workspaceId } = await newWorkspace(gateway)
    const lines = `${'QUJD'.repeat(19)}\r\n`.repeat(300_000)
    const file = mail(
      { 'Content-Type': 'application/zip; name="all.zip"', 'Content-Transfer-Encoding': 'base64' },
      lines,
    )
    expect((await hand(caller, workspaceId, file)).body.message.contentPreview).toMatch(
      /^\[attachment: all\.zip, 17\.\d MB\]$/,
    )
  })
})

describe('a report that a mail came back', () => {
  const report = (messageId: string, action = 'failed') =>
    mail(
      {
        From: 'MAILER-DAEMON@mx.example.com',
        'Content-Type': 'multipart/report; report-type=delivery-status; boundary=b',
        'Auto-Submitted': 'auto-replied',
      },
      [
        '--b\r\n\r\nIt could not be delivered.\r\n',
        '--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n',
        `Final-Recipient: rfc822; jane@example.com\r\nAction: ${action}\r\nStatus: 5.1.1`,
        'Diagnostic-Code: smtp; 550 5.1.1 No such user here\r\n',
        `--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <${messageId}@gateway.test>\r\n\r\n--b--\r\n`,
      ].join('\r\n'),
    )

  test('fails the message with the reason, once, says so in a note, and shows the conversation again', async () => {
    const { client: caller, id: workspaceId } = await newWorkspace(gateway)
    const { id, messageId } = await newConversation(caller)
    await setStatus(caller, id, 'CLOSED')
    const first = await hand(caller, workspaceId, report(messageId))
    expect(first).toMatchObject({
      status: 200,
      replayed: null,
      body: { message: { id: messageId, status: 'FAILED' } },
    })
    expect(await hand(caller, workspaceId, report(messageId))).toMatchObject({
      status: 200,
      replayed: 'true',
    })
    const conversation = await shown(caller, id)
    expect(conversation).toMatchObject({ status: 'OPEN', isUnread: true })
    const reason = 'The mail came back: 550 5.1.1 No such user here'
    expect(conversation.messages.edges.map(({ node }) => node)).toMatchObject([
      { status: 'FAILED', failureReason: reason },
      { direction: 'NOTE', text: `A message could not be delivered. ${reason}` },
    ])
  })

  test('that only says it is late fails nothing', async () => {
    const { client: caller, id: workspaceId } = await newWorkspace(gateway)
    const { id, messageId } = await newConversation(caller)
    await hand(caller, workspaceId, report(messageId, 'delayed'))
    expect((await shown(caller, id)).messages.edges[0]?.node.status).toBe('SENT')
  })

  test("fails no other workspace's message", async () => {
    const { client: owner } = await newWorkspace(gateway)
    const { id, messageId } = await newConversation(owner)
    const { client: stranger, id: workspaceId } = await newWorkspace(gateway)
    await hand(stranger, workspaceId, report(messageId))
    expect((await shown(owner, id)).messages.edges[0]?.node.status).toBe('SENT')
  })
})

const ingest = async (args: string[], environment: Record<string, string>, raw: string) => {
  const child = spawn(process.execPath, ['src/ingest.ts', ...args], {
    env: { PATH: process.env.PATH ?? '', ...environment },
  })
  child.stdin.end(raw)
  const [output, error, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { output, error, code }
}

test('the loop closes: a mail goes out, its answer comes in by the pipe, and a subscriber sees each step', async () => {
  const { client: caller, id: workspaceId } = await newWorkspace(gateway)
  const heard = overSocket<{ __typename: string; conversation: { id: string } }>(
    socketClient(caller),
    'subscription { conversationEvents { __typename cursor conversation { id } } }',
  )
  await expect
    .poll(() => gateway.app.fastify.inject('/metrics').then(({ body }) => body))
    .toContain('gateway_open{kind="subscribers"} 1')
  const { id, messageId } = await newConversation(caller, 'jane@example.com', 'How can we help?')
  await setStatus(caller, id, 'CLOSED')
  const original = sent(messageId)
  const answer = mail(
    {
      To: headerOf(original, 'Reply-To') ?? '',
      Subject: `Re: ${headerOf(original, 'Subject')}`,
      'In-Reply-To': headerOf(original, 'Message-ID') ?? '',
      'Message-ID': '<answer@example.com>',
    },
    'It works now.\r\n\r\nOn Monday, Acme wrote:\r\n> How can we help?',
  )
  const taken = await ingest(
    ['--workspace', workspaceId, '--url', gateway.url],
    { API_KEY: caller.key },
    answer,
  )
  expect(taken).toMatchObject({ code: 0, error: '' })
  expect(JSON.parse(taken.output)).toMatchObject({
    conversation: { id },
    message: { contentPreview: 'It works now.' },
  })
  expect(await shown(caller, id)).toMatchObject({ status: 'OPEN', isUnread: true })
  expect((await heard.until(7)).map(({ __typename }) => __typename)).toEqual([
    'ConversationCreated',
    'MessageAdded',
    'MessageStatusChanged',
    'ConversationStatusChanged',
    'MessageAdded',
    'ConversationStatusChanged',
    'ConversationReadStateChanged',
  ])
  heard.stop()
  const { data } = await caller.graphql<{ replyToConversation: { message: { id: string } } }>(
    'mutation ($id: ID!) { replyToConversation(input: { conversationId: $id, contentText: "Good." }) { message { id } } }',
    { id },
  )
  const reply = sent(data.replyToConversation.message.id)
  expect(headerOf(reply, 'In-Reply-To')).toBe('<answer@example.com>')
  expect(headerOf(reply, 'References')).toBe(`<${messageId}@gateway.test> <answer@example.com>`)
  expect(headerOf(reply, 'Subject')).toBe('Re: A question')
})

test('the pipe tells the mail server what to do: bounce a mail that is at fault, keep every other', async () => {
  const { client: caller, id: workspaceId } = await newWorkspace(gateway)
  const good = ['--workspace', workspaceId, '--url', gateway.url]
  const key = { API_KEY: caller.key }
  expect((await ingest(good, key, 'nonsense')).code).toBe(65)
  expect((await ingest(good, { API_KEY: 'wrong' }, mail({}))).code).toBe(75)
  expect(
    (await ingest(['--workspace', workspaceId, '--url', 'http://127.0.0.1:1'], key, mail({}))).code,
  ).toBe(75)
  expect((await ingest([], key, mail({}))).code).toBe(75)
})

test('every mail of the collection is taken or refused in words, and none is an error of ours', async () => {
  const { client: caller, id: workspaceId } = await newWorkspace(gateway)
  const statuses: Record<string, number> = {}
  for (const name of readdirSync('test/mails').filter(each => each.endsWith('.eml')))
    statuses[name] = (await hand(caller, workspaceId, readFileSync(join('test/mails', name)))).status
  const refused = Object.entries(statuses).filter(([, status]) => status !== 201)
  expect(Object.keys(statuses).length).toBeGreaterThanOrEqual(30)
  expect(refused).toEqual([
    ['46-no-from.eml', 400],
    ['49-from-empty-group.eml', 400],
  ])
})
