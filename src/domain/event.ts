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

/** What happened to which conversation, before it has its number. */
export type NewEvent = {
  [T in EventType]: { type: T; conversation: { id: string; contactId: string }; data: EventData[T] }
}[EventType]

/** Events of one change, in the order in which they are to be recorded. */
export type NewEvents = [NewEvent, ...NewEvent[]]

const columns = [
  'workspace_id as workspaceId',
  'seq',
  'conversation_id as conversationId',
  'contact_id as contactId',
  'actor_id as actorId',
  'created_at as occurredAt',
] as const

/** An event of the log, of one type or of any. */
export type Event<T extends EventType = EventType> = Selection<Tables, 'event', (typeof columns)[number]> &
  { [K in T]: { type: K; data: EventData[K] } }[T]

/** The facts that a change records: its events in their order, and by how much it moves the counts. */
export type Facts = {
  actorId: string | null
  at: Date
  events: NewEvents
  counts?: Counts
}

/**
 * The last statement of every change: numbers its events, writes them, and moves what the workspace row keeps (the
 * counts, the revision). It locks the workspace's row, and no lock is taken after it: so per workspace commits happen in
 * the order of the numbers, and the numbers have no hole. Answers the cursor of the last event, and whether anybody
 * watches the log, who must be told after the commit.
 */
export async function recordEvents(
  writer: Writer,
  workspaceId: string,
  { actorId, at, events, counts }: Facts,
): Promise<{ cursor: string; watched: boolean }> {
  const n = events.length
  const { rows } = await sql<{ seq: number; watched: boolean }>`
    with counter as (
      update workspace set event_seq = event_seq + ${n}, revision = revision + 1,
        open_count = open_count + ${counts?.open ?? 0}, closed_count = closed_count + ${counts?.closed ?? 0},
        archived_count = archived_count + ${counts?.archived ?? 0}, unread_count = unread_count + ${counts?.unread ?? 0},
        unassigned_count = unassigned_count + ${counts?.unassigned ?? 0}
      where id = ${workspaceId}
      returning event_seq, coalesce(watched_until > clock_timestamp(), false) as watched
    ), written as (
      insert into event (workspace_id, seq, type, conversation_id, contact_id, actor_id, data, created_at)
      select ${workspaceId}, counter.event_seq - ${n}::int + given.n, given.type, given.conversation_id, given.contact_id,
        ${actorId}, given.data, ${at}
      from counter cross join unnest(
        ${events.map(event => event.type)}::text[],
        ${events.map(event => event.conversation.id)}::text[],
        ${events.map(event => event.conversation.contactId)}::text[],
        ${events.map(event => JSON.stringify(event.data))}::jsonb[]
      ) with ordinality as given(type, conversation_id, contact_id, data, n)
    )
    select event_seq as seq, watched from counter`.execute(writer)
  const [counter] = rows
  if (!counter) throw new Error(`The workspace ${workspaceId} does not exist.`)
  return { cursor: toCursor({ workspaceId, seq: counter.seq }), watched: counter.watched }
}

/** Which events somebody asks for: all that is not null must hold. */
export type EventFilter = {
  types: readonly EventType[] | null
  conversationId: string | null
  contactId: string | null
}

export function matches({ types, conversationId, contactId }: EventFilter, event: Event): boolean {
  return (
    (conversationId === null || event.conversationId === conversationId) &&
    (contactId === null || event.contactId === contactId) &&
    (types === null || types.includes(event.type))
  )
}

const eventsOf = (reader: Reader, workspaceId: string) =>
  reader
    .selectFrom('event')
    .select([...columns, 'type', 'data'])
    .where('workspace_id', '=', workspaceId)

/**
 * Up to `limit` events after one number and up to another that match a filter, oldest first. Each filter walks an index
 * of its own, so a narrow one does not read the log: by conversation, by contact, or type by type.
 */
export async function eventsBetween(
  reader: Reader,
  workspaceId: string,
  { after, upTo, filter, limit }: { after: number; upTo: number; filter: EventFilter; limit: number },
): Promise<Event[]> {
  const { types, conversationId, contactId } = filter
  const stretch = eventsOf(reader, workspaceId)
    .where('seq', '>', after)
    .where('seq', '<=', upTo)
    .$if(conversationId !== null, query => query.where('conversation_id', '=', conversationId))
    .$if(contactId !== null, query => query.where('contact_id', '=', contactId))
    .orderBy('seq')
    .limit(limit)
  if (types === null) return (await stretch.execute()) as Event[]
  const rows = await reader
    .selectFrom(sql<{ type: EventType }>`unnest(${types}::text[])`.as<'wanted'>(sql`wanted(type)`))
    .innerJoinLateral(
      () => stretch.where('event.type', '=', sql.ref<EventType>('wanted.type')).as('event'),
      join => join.onTrue(),
    )
    .selectAll('event')
    .orderBy('event.seq')
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
  return (await eventsOf(reader, workspaceId).where('seq', 'in', seqs).execute()) as Event[]
}

/** A stretch of a conversation's events; as `Page`, by number instead of time. */
export type EventPage = { size: number; backward: boolean; after: number | null; before: number | null }

/**
 * The same page of each conversation's events, oldest first, in one statement; one more each than the page holds where
 * there is one, nearest to where the page begins first.
 */
export async function eventPages(
  reader: Reader,
  workspaceId: string,
  conversationIds: readonly string[],
  { types, page }: { types: readonly EventType[] | null; page: EventPage },
): Promise<Event[]> {
  const rows = await reader
    .selectFrom(sql<{ id: string }>`unnest(${conversationIds}::text[])`.as<'parent'>(sql`parent(id)`))
    .innerJoinLateral(
      () =>
        eventsOf(reader, workspaceId)
          .where('conversation_id', '=', sql.ref<string>('parent.id'))
          .$if(types !== null, query => query.where(eb => eb('type', '=', eb.fn.any(eb.val(types ?? [])))))
          .$if(page.after !== null, query => query.where('seq', '>', page.after))
          .$if(page.before !== null, query => query.where('seq', '<', page.before))
          .orderBy('seq', page.backward ? 'desc' : 'asc')
          .limit(page.size + 1)
          .as('event'),
      join => join.onTrue(),
    )
    .selectAll('event')
    .execute()
  return rows as Event[]
}
