import { type Insertable, type Selection, sql, type Updateable } from 'kysely'
import type { Reader, Tables, Writer } from '../../db/db.ts'
import { notFound } from '../errors.ts'
import { isId } from '../id.ts'

export const columns = [
  'id',
  'status',
  'source',
  'subject',
  'is_unread as isUnread',
  'last_message_at as lastMessageAt',
  'last_message_preview as lastMessagePreview',
  'created_at as createdAt',
  'contact_id as contactId',
  'channel_id as channelId',
  'assigned_to_id as assignedToId',
] as const

/** A thread between a contact and the team. */
export type Conversation = Selection<Tables, 'conversation', (typeof columns)[number]>

export type Status = Conversation['status']

/** Those of these ids that the workspace has, in any order. */
export async function conversationsByIds(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
): Promise<Conversation[]> {
  return reader
    .selectFrom('conversation')
    .select(columns)
    .where('workspace_id', '=', workspaceId)
    .where('id', 'in', ids)
    .execute()
}

/** Writes a new conversation; its contact, channel and assignee are of the same workspace or it fails. */
export async function insertConversation(
  writer: Writer,
  conversation: Insertable<Tables['conversation']>,
): Promise<Conversation> {
  return writer.insertInto('conversation').values(conversation).returning(columns).executeTakeFirstOrThrow()
}

/**
 * Locks a conversation for a change, and takes the change's time: after the lock, and at least 1 ms after the last
 * change, so that within a conversation times rise in commit order whatever the clock does. The outer select runs when
 * the inner one has its lock; in one select the clock could be read before the wait.
 *
 * @throws Refusal NOT_FOUND
 */
export async function lockConversation(
  writer: Writer,
  workspaceId: string,
  id: string,
): Promise<{ conversation: Conversation; at: Date }> {
  if (!isId('conversation', id)) throw notFound('conversation', 'conversationId')
  const row = await writer
    .with('locked', db =>
      db
        .selectFrom('conversation')
        .select([...columns, 'updated_at as updatedAt'])
        .where('workspace_id', '=', workspaceId)
        .where('id', '=', id)
        .forUpdate(),
    )
    .selectFrom('locked')
    .selectAll()
    .select(sql<Date>`greatest(clock_timestamp(), "updatedAt" + interval '1 ms')::timestamptz(3)`.as('at'))
    .executeTakeFirst()
  if (!row) throw notFound('conversation', 'conversationId')
  const { at, updatedAt: _, ...conversation } = row
  return { conversation, at }
}

/** Writes what changed of a locked conversation, at the time taken with its lock. */
export async function updateConversation(
  writer: Writer,
  workspaceId: string,
  id: string,
  at: Date,
  changed: Updateable<Tables['conversation']>,
): Promise<Conversation> {
  return writer
    .updateTable('conversation')
    .set({ ...changed, updated_at: at })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow()
}
