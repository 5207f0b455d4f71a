import type { SMTPServerOptions } from 'smtp-server'
import { expect, test } from 'vitest'
import { newWorkspace } from '../../support/gateway.ts'
import { gatewayTo, hurry, mailServer, notesOf, reaches, rowOf, send } from '../../support/outbound.ts'

test('a message that the server refuses for good is FAILED, with its reason', async () => {
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

test('a server that refuses the gateway, not the mail, leaves the message QUEUED', async () => {
  const refuse: SMTPServerOptions = {
    onMailFrom: (_address, _session, done) =>
      done(Object.assign(new Error('Authentication required'), { responseCode: 530 })),
  }
  const { client: caller } = await newWorkspace(await gatewayTo((await mailServer(refuse)).url))
  expect(await send(caller)).toMatchObject({ status: 'QUEUED', failureReason: null })
})

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

test('the last of 100 attempts fails it, with the answer of the server, and a note tells the team', async () => {
  const server = await mailServer({ play: () => ({ at: 'RCPT TO', answer: 451 }) })
  const gateway = await gatewayTo(server.url)
  const { client: caller } = await newWorkspace(gateway)
  const { id } = await send(caller)
  await gateway.db.updateTable('message').set({ attempts: 99 }).where('id', '=', id).execute()
  await hurry(gateway, id)
  await reaches(gateway, id, 'FAILED')
  expect((await rowOf(gateway, id)).failure_reason).toContain('451')
  expect((await notesOf(caller, id)).notes).toHaveLength(1)
})

test('a refusal with characters that no text can hold fails the message too', async () => {
  const refuse: SMTPServerOptions = {
    onRcptTo: (_address, _session, done) =>
      done(Object.assign(new Error(`No\0such ${'user '.repeat(1_000)}`), { responseCode: 550 })),
  }
  const { client: caller } = await newWorkspace(await gatewayTo((await mailServer(refuse)).url))
  const { status, failureReason } = await send(caller)
  expect(status).toBe('FAILED')
  expect(failureReason?.length).toBeLessThan(600)
})
