import { type Selection, sql } from 'kysely'
import type { Reader, Tables, Writer } from '../db/db.ts'
import { toCursor } from './event-cursor.ts'
import type { Counts } from './workspace/counts.ts'

type Status = Tables['conversation']['status']
type MessageStatus = Tables['message']['status']

/** What each type of event adds to the rest: ids and enumerations, never the things themselves. */
type EventData = {
  CONVERSATION_CREATED: Record<string, never>
  CONVERSATION_STATUS_CHANGED: { previousStatus: Status; status: Status }
  CONVERSATION_ASSIGNED: { previousAssignedToId: string | null; assignedToId: string | null }
  CONVERSATION_READ_STATE_CHANGED: { isUnread: boolean }
  MESSAGE_ADDED: { messageId: string }
  MESSAGE_STATUS_CHANGED: {
    messageId: string
    previousMessageStatus: MessageStatus
    messageStatus: MessageStatus
  }
}

export type EventType = keyof EventData

/** What happened, before it has its number. Those of one change are given in the order of this type's members. */
export type NewEvent = {
  [T in EventType]: { type: T; conversationId: string; data: EventData[T] }
}[EventType]

const columns = [
  'workspace_id as workspaceId',
  'seq',
  'conversation_id as conversationId',
  'actor_id as actorId',
  'created_at as occurredAt',
] as const

/** An event of the log, of one type or of any. */
export type Event<T extends EventType = EventType> = Selection<Tables, 'event', (typeof columns)[number]> &
  { [K in T]: { type: K; data: EventData[K] } }[T]

/**
 * The last statement of every change: numbers its events, writes them, and moves what the workspace row keeps (the
 * counts, the revision). It locks the workspace's row, and no lock is taken after it: so per workspace commits happen in
 * the order of the numbers, and the numbers have no hole. Answers the cursor of the last event.
 */
export async function recordEvents(
  writer: Writer,
  change: {
    workspaceId: string
    actorId: string | null
    at: Date
    events: [NewEvent, ...NewEvent[]]
    counts?: Counts
  },
): Promise<string> {
  const { workspaceId, actorId, at, events, counts } = change
  const n = events.length
  const { rows } = await sql<{ seq: number }>`
    with counter as (
      update workspace set event_seq = event_seq + ${n}, revision = revision + 1,
        open_count = open_count + ${counts?.open ?? 0}, closed_count = closed_count + ${counts?.closed ?? 0},
        archived_count = archived_count + ${counts?.archived ?? 0}, unread_count = unread_count + ${counts?.unread ?? 0},
        unassigned_count = unassigned_count + ${counts?.unassigned ?? 0}
      where id = ${workspaceId}
      returning event_seq
    )
    insert into event (workspace_id, seq, type, conversation_id, actor_id, data, created_at)
    select ${workspaceId}, counter.event_seq - ${n}::int + given.n, given.type, given.conversation_id, ${actorId}, given.data, ${at}
    from counter cross join unnest(
      ${events.map(event => event.type)}::text[],
      ${events.map(event => event.conversationId)}::text[],
      ${events.map(event => JSON.stringify(event.data))}::jsonb[]
    ) with ordinality as given(type, conversation_id, data, n)
    returning seq`.execute(writer)
  return toCursor({ workspaceId, seq: Math.max(...rows.map(row => row.seq)) })
}

/** Events of a workspace after a number, oldest first. */
export async function eventsAfter(
  reader: Reader,
  workspaceId: string,
  seq: number,
  limit: number,
): Promise<Event[]> {
  const rows = await reader
    .selectFrom('event')
    .select([...columns, 'type', 'data'])
    .where('workspace_id', '=', workspaceId)
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(limit)
    .execute()
  return rows as Event[]
}

/** Events of a workspace by their numbers, in any order. */
export async function eventsBySeq(
  reader: Reader,
  workspaceId: string,
  seqs: readonly number[],
): Promise<Event[]> {
  const rows = await reader
    .selectFrom('event')
    .select([...columns, 'type', 'data'])
    .where('workspace_id', '=', workspaceId)
    .where('seq', 'in', seqs)
    .execute()
  return rows as Event[]
}
