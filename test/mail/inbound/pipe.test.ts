import { expect } from 'vitest'
import { changeStatus } from '../../support/conversations.ts'
import { newConversation } from '../../support/gateway.ts'
import { headerOf, mail, sent, shown, test } from '../../support/inbound.ts'
import { overSocket, socketClient } from '../../support/live.ts'
import { openNow } from '../../support/metrics.ts'
import { run, type Start } from '../../support/program.ts'

/** Hands a mail in through the pipe that a mail server is given. */
const ingest = (start: Start, args: string[], environment: Record<string, string>, raw: string) =>
  run(start, ['src/ingest.ts', ...args], environment, raw)

test('the loop closes: a mail goes out, its reply comes in through the pipe, and a subscriber sees each step', async ({
  gateway,
  mailServer,
  acme,
  start,
}) => {
  const { client: caller, id: workspaceId } = acme
  const heard = overSocket<{ __typename: string; conversation: { id: string } }>(
    socketClient(caller),
    'subscription { conversationEvents { __typename cursor conversation { id } } }',
  )
  await expect.poll(async () => (await openNow(gateway)).subscribers).toBe(1)
  const { id, messageId } = await newConversation(caller, 'jane@example.com', 'How can we help?')
  await changeStatus(caller, id, 'CLOSED')
  const original = sent(mailServer, messageId)
  const reply = mail(
    {
      To: headerOf(original, 'Reply-To') ?? '',
      Subject: `Re: ${headerOf(original, 'Subject')}`,
      'In-Reply-To': headerOf(original, 'Message-ID') ?? '',
      'Message-ID': '<reply@example.com>',
    },
    'It works now.\r\n\r\nOn Monday, Acme wrote:\r\n> How can we help?',
  )
  const taken = await ingest(
    start,
    ['--workspace', workspaceId, '--url', gateway.url],
    { API_KEY: caller.key },
    reply,
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
  const next = sent(mailServer, data.replyToConversation.message.id)
  expect(headerOf(next, 'In-Reply-To')).toBe('<reply@example.com>')
  expect(headerOf(next, 'References')).toBe(`<${messageId}@gateway.test> <reply@example.com>`)
  expect(headerOf(next, 'Subject')).toBe('Re: A question')
})

test('the exit code makes the mail server bounce a mail that is wrong, and keep every other', async ({
  gateway,
  acme,
  start,
}) => {
  const { client: caller, id: workspaceId } = acme
  const good = ['--workspace', workspaceId, '--url', gateway.url]
  const key = { API_KEY: caller.key }
  expect((await ingest(start, good, key, 'nonsense')).code).toBe(65)
  expect((await ingest(start, good, { API_KEY: 'wrong' }, mail({}))).code).toBe(75)
  expect(
    (await ingest(start, ['--workspace', workspaceId, '--url', 'http://127.0.0.1:1'], key, mail({}))).code,
  ).toBe(75)
  expect((await ingest(start, [], key, mail({}))).code).toBe(75)
})
