import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { expect, onTestFinished, test } from 'vitest'
import type { Db } from '../../src/db/db.ts'
import { migrate } from '../../src/db/migrate.ts'
import { createKey } from '../../src/domain/key/create.ts'
import { openEmptyDatabase } from '../support/databases.ts'
import { client, startGateway } from '../support/gateway.ts'

/** Brings an empty database up to a migration, as a gateway of that time did. */
async function migrateTo(db: Db, name: string): Promise<void> {
  const names = readdirSync('migrations').map(file => file.replace(/\.sql$/, ''))
  const text = (each: string) => readFileSync(`migrations/${each}.sql`, 'utf8')
  const getMigrations = async () =>
    Object.fromEntries(
      names.map(each => [each, { up: async (to: Db) => void (await sql.raw(text(each)).execute(to)) }]),
    )
  const { error } = await new Migrator({ db, provider: { getMigrations } }).migrateTo(name)
  if (error) throw error
}

const input = { email: 'jane@example.com', subject: 'Invoice', contentText: 'Hello', idempotencyKey: 'old' }

/** The hash of this input, as every release has stored it. */
const hash = createHash('sha256')
  .update(
    '{"email":"jane@example.com","name":null,"subject":"Invoice","contentText":"Hello","channelId":null}',
  )
  .digest()

/** What a gateway of that time wrote for the request. */
const rows = sql`
  with workspace as (insert into workspace (id, name, event_seq, open_count, unassigned_count) values ('wrk_old', 'Old', 7, 1, 1)),
  contact as (insert into contact (workspace_id, id, email) values ('wrk_old', 'ctc_old', 'jane@example.com')),
  conversation as (
    insert into conversation
      (workspace_id, id, contact_id, status, source, subject, is_unread, last_message_at, last_message_preview, created_at, updated_at)
    values ('wrk_old', 'thd_old', 'ctc_old', 'OPEN', 'EMAIL', 'Invoice', false, now(), 'Hello', now(), now())),
  message as (
    insert into message (workspace_id, id, conversation_id, direction, status, text, preview, created_at)
    values ('wrk_old', 'msg_old', 'thd_old', 'OUTBOUND', 'SENT', 'Hello', 'Hello', now()))
  insert into request (workspace_id, operation, key, input_hash, conversation_id, message_id, event_seq, expires_at)
  values ('wrk_old', 'createConversation', 'old', ${hash}, 'thd_old', 'msg_old', 7, now() + interval '1 hour')`

test('a request from before migration 0003 is repeated with the same ids after it', async () => {
  const database = await openEmptyDatabase()
  onTestFinished(database.close)
  const { db } = database
  await migrateTo(db, '0002-both-ways')
  await rows.execute(db)
  expect(await migrate(db)).toContain('0003-idempotency-keys')

  const gateway = await startGateway({ database })
  onTestFinished(gateway.app.close)
  const { secret } = await db
    .transaction()
    .execute(writer => createKey(writer, 'wrk_old', { name: 'test', scopes: ['read', 'write'] }))
  const caller = client(gateway.url, secret)
  const create = (changed: object = {}) =>
    caller.graphql<{ createConversation: { cursor: string | null } }>(
      `mutation ($input: CreateConversationInput!) { createConversation(input: $input) {
        conversation { id } message { id } contact { id } cursor replayed userErrors { code } } }`,
      { input: { ...input, ...changed } },
    )
  const { createConversation: repeated } = (await create()).data
  expect(repeated).toEqual({
    conversation: { id: 'thd_old' },
    message: { id: 'msg_old' },
    contact: { id: 'ctc_old' },
    cursor: expect.any(String),
    replayed: true,
    userErrors: [],
  })
  const { data } = await caller.graphql<{ workspace: { eventCursor: string } }>(
    '{ workspace { eventCursor } }',
  )
  expect(repeated.cursor).toBe(data.workspace.eventCursor)
  expect((await create({ contentText: 'Else' })).data.createConversation).toMatchObject({
    userErrors: [{ code: 'IDEMPOTENCY_MISMATCH' }],
  })
})
