import { type Selection, sql, type Updateable } from 'kysely'
import type { Reader, Tables, Writer } from '../../db/db.ts'
import { type OneOrMany, oneOf, oneOrMany } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'
import { notFound } from '../errors.ts'
import { isId, newId } from '../id.ts'
import { type Along, type AlongColumns, nothingAlong, readAlong } from './along.ts'

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

/** A conversation with what was read along. */
export type ConversationAlong = Conversation & AlongColumns

export type Status = Conversation['status']

type Ids = { workspaceId: string; ids: OneOrMany<string> }

const byIds = reusable((reader, { workspaceId, ids }: Ids, along: Along) =>
  readAlong(
    reader
      .selectFrom('conversation')
      .select(columns)
      .where('workspace_id', '=', workspaceId)
      .where(oneOf('id', ids)),
    workspaceId,
    along,
  ),
)

/** The workspace's conversations with these ids, in any order, and what is read along. */
export async function conversationsByIds(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
  along = nothingAlong,
): Promise<ConversationAlong[]> {
  return byIds(reader, { workspaceId, ids: oneOrMany(ids) }, along)
}

/** The values of a new conversation. It has no assignee. */
export type NewConversation = Pick<
  Conversation,
  | 'status'
  | 'source'
  | 'subject'
  | 'isUnread'
  | 'lastMessageAt'
  | 'lastMessagePreview'
  | 'createdAt'
  | 'contactId'
  | 'channelId'
>

/** Writes a new conversation. It fails when the contact or the channel is not of the same workspace. */
export async function insertConversation(
  writer: Writer,
  workspaceId: string,
  {
    isUnread,
    lastMessageAt,
    lastMessagePreview,
    createdAt,
    contactId,
    channelId,
    ...others
  }: NewConversation,
): Promise<Conversation> {
  return writer
    .insertInto('conversation')
    .values({
      ...others,
      workspace_id: workspaceId,
      id: newId('conversation'),
      is_unread: isUnread,
      last_message_at: lastMessageAt,
      last_message_preview: lastMessagePreview,
      created_at: createdAt,
      updated_at: createdAt,
      contact_id: contactId,
      channel_id: channelId,
      assigned_to_id: null,
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
}

const locked = reusable(
  (writer: Writer, { workspaceId, id }: { workspaceId: string; id: string }) =>
    writer
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
      .select(sql<Date>`greatest(clock_timestamp(), "updatedAt" + interval '1 ms')::timestamptz(3)`.as('at')),
  'first',
)

/**
 * Locks a conversation for a change, and takes the time of the change. The time is read after the lock, and is at least
 * 1 ms after the last change. So times within a conversation rise in commit order, even if the clock goes back. The
 * outer select runs when the inner one has its lock; in a single select the clock could be read before the wait.
 *
 * @throws Refusal NOT_FOUND
 */
export async function lockConversation(
  writer: Writer,
  workspaceId: string,
  id: string,
): Promise<{ conversation: Conversation; at: Date }> {
  if (!isId('conversation', id)) throw notFound('conversation', 'conversationId')
  const [row] = await locked(writer, { workspaceId, id })
  if (!row) throw notFound('conversation', 'conversationId')
  const { at, updatedAt: _, ...conversation } = row
  return { conversation, at }
}

/** The fields that a change may set. A field that is left out stays as it is. */
export type ConversationUpdate = Partial<
  Pick<Conversation, 'status' | 'isUnread' | 'assignedToId' | 'lastMessageAt' | 'lastMessagePreview'>
>

export type NewValues = Updateable<Tables['conversation']>

// Kysely skips undefined values.
const updated = reusable(
  (writer: Writer, { workspaceId, id, set }: { workspaceId: string; id: string; set: NewValues }) =>
    writer.updateTable('conversation').set(set).where('workspace_id', '=', workspaceId).where('id', '=', id),
  'ahead',
)

/** The columns that a change sets. Those of fields that are left out are undefined. */
export function valuesOf(
  { status, isUnread, assignedToId, lastMessageAt, lastMessagePreview, ...unwritten }: ConversationUpdate,
  at: Date,
): NewValues {
  // A field that is forgotten here does not compile.
  unwritten satisfies Record<string, never>
  return {
    status,
    is_unread: isUnread,
    assigned_to_id: assignedToId,
    last_message_at: lastMessageAt,
    last_message_preview: lastMessagePreview,
    updated_at: at,
  }
}

/**
 * Writes a change of a locked conversation, with the time that was taken with its lock. Nobody waits for it: what the row
 * holds afterwards is known, as nobody else can change it.
 *
 * @param before the conversation as it was when it was locked
 * @returns the conversation as it is now
 */
export async function updateConversation(
  writer: Writer,
  workspaceId: string,
  before: Conversation,
  at: Date,
  update: ConversationUpdate,
): Promise<Conversation> {
  await updated(writer, { workspaceId, id: before.id, set: valuesOf(update, at) })
  return { ...before, ...update }
}
