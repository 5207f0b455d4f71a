import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { bounce } from '../../../src/domain/delivery/settle.ts'
import { newWorkspace } from '../../support/gateway.ts'
import { gatewayTo, hurry, mailServer, notesOf, reaches, rowOf, send } from '../../support/outbound.ts'

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
  expect(Number(next) - (server.attempts('jane@example.com')[0] ?? 0)).toBeGreaterThan(20_000)
  await hurry(gateway, id)
  await reaches(gateway, id, 'SENT')
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
  expect(Number(next) - (server.attempts('jane@example.com')[0] ?? 0)).toBeGreaterThan(10 * 60_000)
  await hurry(gateway, id)
  await reaches(gateway, id, 'SENT')
  expect(server.mails.map(({ messageId }) => messageId)).toEqual([
    `<${id}@gateway.test>`,
    `<${id}@gateway.test>`,
  ])
})

test('an answer that is lost twice stays UNCONFIRMED, is not tried again, and a note tells the team', async () => {
  const server = await mailServer({ play: () => ({ at: 'DATA', answer: 'drop' }) })
  const gateway = await gatewayTo(server.url)
  const { client: caller } = await newWorkspace(gateway)
  const { id } = await send(caller)
  await hurry(gateway, id)
  await expect.poll(async () => (await rowOf(gateway, id)).next_attempt_at).toBeNull()
  expect(await rowOf(gateway, id)).toMatchObject({ status: 'UNCONFIRMED', attempts: 2 })
  expect(await notesOf(caller, id)).toEqual({
    status: 'OPEN',
    isUnread: true,
    notes: [{ text: expect.stringContaining('not certain'), author: null }],
  })
})

test('a bounce report that overtakes the answer of the mail server is not undone by it', async () => {
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
  const operation = { db: gateway.db, announce() {} }
  expect(await bounce(operation, { workspaceId, id, conversationId }, 'It came back.')).toBe(true)
  for (const release of held) release()
  expect((await sending).status).toBe('FAILED')
  expect(await rowOf(gateway, id)).toMatchObject({ status: 'FAILED', failure_reason: 'It came back.' })
})

test('an accepted mail whose outcome cannot be stored at once goes out once', async () => {
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
  await reaches(gateway, id, 'SENT')
  expect(await rowOf(gateway, id)).toMatchObject({ attempts: 1, next_attempt_at: null })
  expect(server.mails).toHaveLength(1)
})
