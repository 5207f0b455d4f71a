import { sql } from 'kysely'
import type { Writer } from '../../db/db.ts'
import { type OneOrMany, oneOf, oneOrMany } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'
import { isId } from '../id.ts'
import { agentId } from './branches.ts'
import { type Conversation, type ConversationUpdate, columns, type NewValues, valuesOf } from './rows.ts'

/** Which conversations are locked: those with these ids, or those that are assigned to an agent. */
type Locking = { workspaceId: string; ids: OneOrMany<string> | null; assignedTo: string | null }

const locked = reusable(
  (writer: Writer, { workspaceId, ids, assignedTo }: Locking) =>
    writer
      .with('locked', db =>
        db
          .selectFrom('conversation')
          .select([...columns, 'updated_at as updatedAt'])
          .where('workspace_id', '=', workspaceId)
          .$if(ids !== null, query => query.where(oneOf('id', ids ?? oneOrMany<string>([]))))
          .$if(assignedTo !== null, query => query.where(agentId, '=', assignedTo))
          .orderBy('id')
          .forUpdate(),
      )
      .selectFrom('locked')
      .selectAll()
      .select(
        sql<Date>`greatest(clock_timestamp(), max("updatedAt") over () + interval '1 ms')::timestamptz(3)`.as(
          'at',
        ),
      ),
  'first',
)

/** Locked conversations by their ids, in the order of these, and one time for the change of all. */
type Locked = { conversations: Map<string, Conversation>; at: Date }

/**
 * Locks conversations in the order of their ids, and takes one time for the change of all; see `lockConversation`. Ids of
 * no conversation are left out.
 */
export async function lockConversations(
  writer: Writer,
  workspaceId: string,
  ids: readonly string[],
): Promise<Locked> {
  const possible = ids.filter(id => isId('conversation', id))
  return lockedBy(await locked(writer, { workspaceId, ids: oneOrMany(possible), assignedTo: null }))
}

/** Locks the conversations that are assigned to an agent, as `lockConversations` does. */
export async function lockAssigned(writer: Writer, workspaceId: string, assignedTo: string): Promise<Locked> {
  return lockedBy(await locked(writer, { workspaceId, ids: null, assignedTo }))
}

function lockedBy(rows: readonly (Conversation & { at: Date; updatedAt: Date })[]): Locked {
  const conversations = new Map<string, Conversation>()
  let at = new Date(0)
  for (const { at: own, updatedAt: _, ...conversation } of rows) {
    conversations.set(conversation.id, conversation)
    if (own > at) at = own
  }
  return { conversations, at }
}

type Ids = { workspaceId: string; ids: OneOrMany<string> }

const updated = reusable((writer: Writer, { workspaceId, ids, set }: Ids & { set: NewValues }) =>
  writer
    .updateTable('conversation')
    .set(set)
    .where('workspace_id', '=', workspaceId)
    .where(oneOf('id', ids))
    .returning(columns),
)

/** Writes the same change of locked conversations, and returns them by their ids. */
export async function updateConversations(
  writer: Writer,
  workspaceId: string,
  ids: readonly string[],
  at: Date,
  update: ConversationUpdate,
): Promise<Map<string, Conversation>> {
  const rows =
    ids.length > 0
      ? await updated(writer, { workspaceId, ids: oneOrMany(ids), set: valuesOf(update, at) })
      : []
  return new Map(rows.map(row => [row.id, row]))
}
