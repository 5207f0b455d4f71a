import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Db, Writer } from '../../db/db.ts'
import type { Contact } from '../contact/rows.ts'
import { type Conversation, conversationsByIds } from '../conversation/rows.ts'
import { refusal } from '../errors.ts'
import { seqOf, toCursor } from '../event-cursor.ts'
import { type Message, messagesByIds } from './rows.ts'

/** What came of saying something. */
export type Said = {
  conversation: Conversation
  message: Message
  /** Of the last event of the change. */
  cursor: string
  /** Who was written to or who wrote, where the change has looked. */
  contact?: Contact
}

/** A request that may come again. `hash` null: whatever comes with this key is the same request. */
export type Request = { operation: string; key: string; hash: Buffer | null; expires: boolean }

/** A request with an idempotency key, which says within 24 hours that it is the same one; null without a key. */
export function keyed(operation: string, key: string | null, input: object): Request | null {
  if (key === null) return null
  return { operation, key, hash: createHash('sha256').update(JSON.stringify(input)).digest(), expires: true }
}

/** Something that a source hands in under an id of its own, which it uses once, for ever; null without an id. */
export function handedIn(source: string, externalId: string | null): Request | null {
  return externalId === null
    ? null
    : { operation: `receive ${source}`, key: externalId, hash: null, expires: false }
}

/**
 * Says something once: a request that was answered before is answered with the same ids and cursor, and rows as they are
 * now, and changes nothing. Its key is written first, so that an equal request in another transaction waits here until
 * this one has ended, and then finds either its result or, when it was undone, nothing. Of several names each is enough.
 *
 * @throws Refusal IDEMPOTENCY_MISMATCH when the key came with another input
 */
export async function once(
  writer: Writer,
  workspaceId: string,
  [request, ...others]: readonly (Request | null)[],
  say: () => Promise<Said>,
): Promise<Said & { replayed: boolean }> {
  if (request === undefined) return { ...(await say()), replayed: false }
  if (request === null) return once(writer, workspaceId, others, say)
  if (!(await isNew(writer, workspaceId, request)))
    return { ...(await answered(writer, workspaceId, request)), replayed: true }
  const said = await once(writer, workspaceId, others, say)
  await sql`
    update request set conversation_id = ${said.conversation.id}, message_id = ${said.message.id},
      event_seq = ${seqOf(workspaceId, said.cursor)}
    where workspace_id = ${workspaceId} and operation = ${request.operation} and key = ${request.key}`.execute(
    writer,
  )
  return said
}

/** Takes the key: it is new, or its time has passed. */
async function isNew(writer: Writer, workspaceId: string, { operation, key, hash, expires }: Request) {
  const expiry = expires ? sql`clock_timestamp() + interval '24 hours'` : sql`null`
  const { rows } = await sql`
    insert into request (workspace_id, operation, key, input_hash, expires_at)
    values (${workspaceId}, ${operation}, ${key}, ${hash}, ${expiry})
    on conflict (workspace_id, operation, key) do update
      set input_hash = excluded.input_hash, expires_at = excluded.expires_at,
        conversation_id = null, message_id = null, event_seq = null
      where request.expires_at <= clock_timestamp()
    returning key`.execute(writer)
  return rows.length > 0
}

async function answered(
  writer: Writer,
  workspaceId: string,
  { operation, key, hash }: Request,
): Promise<Said> {
  const before = await writer
    .selectFrom('request')
    .select(['conversation_id as conversationId', 'message_id as messageId', 'event_seq as seq'])
    .select(eb => eb('input_hash', 'is not distinct from', hash).as('same'))
    .where('workspace_id', '=', workspaceId)
    .where('operation', '=', operation)
    .where('key', '=', key)
    .executeTakeFirstOrThrow()
  if (!before.same)
    throw refusal(
      'IDEMPOTENCY_MISMATCH',
      'This idempotency key came with another input before.',
      'idempotencyKey',
    )
  const [conversation] = await conversationsByIds(writer, workspaceId, [before.conversationId ?? ''])
  const [message] = await messagesByIds(writer, workspaceId, [before.messageId ?? ''])
  if (!conversation || !message) throw new Error(`The request ${operation} ${key} has no result.`)
  return { conversation, message, cursor: toCursor({ workspaceId, seq: before.seq ?? 0 }) }
}

/** Forgets the requests whose time has passed, of all workspaces. */
export async function forgetExpiredRequests(db: Db): Promise<void> {
  await db.deleteFrom('request').where('expires_at', '<=', sql<Date>`clock_timestamp()`).execute()
}
