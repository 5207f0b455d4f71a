import { type Selection, sql } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { oneOf, oneOrMany, parentRows } from '../../db/one-of.ts'
import type { Page } from '../page.ts'
import type { EventData, EventType } from './types.ts'

const columns = [
  'workspace_id as workspaceId',
  'seq',
  'conversation_id as conversationId',
  'contact_id as contactId',
  'actor_id as actorId',
  'created_at as occurredAt',
  'traceparent',
] as const

/** An event of the log, of one type or of any. */
export type Event<T extends EventType = EventType> = Selection<Tables, 'event', (typeof columns)[number]> &
  { [K in T]: { type: K; data: EventData[K] } }[T]

/** A selection of events: all conditions that are not null must hold. */
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
 * Up to `limit` matching events after the number `after` and up to `upTo`, oldest first. Each filter uses an index of
 * its own, so a narrow one does not read the whole log: by conversation, by contact, or type by type.
 */
export async function eventsBetween(
  reader: Reader,
  workspaceId: string,
  { after, upTo, filter, limit }: { after: number; upTo: number; filter: EventFilter; limit: number },
): Promise<Event[]> {
  const { types, conversationId, contactId } = filter
  const inRange = eventsOf(reader, workspaceId)
    .where('seq', '>', after)
    .where('seq', '<=', upTo)
    .$if(conversationId !== null, query => query.where('conversation_id', '=', conversationId))
    .$if(contactId !== null, query => query.where('contact_id', '=', contactId))
    .orderBy('seq')
    .limit(limit)
  if (types === null) return (await inRange.execute()) as Event[]
  const rows = await reader
    .selectFrom(sql<{ type: EventType }>`unnest(${types}::text[])`.as<'wanted'>(sql`wanted(type)`))
    .innerJoinLateral(
      () => inRange.where('event.type', '=', sql.ref<EventType>('wanted.type')).as('event'),
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
  return (await eventsOf(reader, workspaceId)
    .where(oneOf('seq', oneOrMany(seqs)))
    .execute()) as Event[]
}

/**
 * The same page of each conversation's events, in one statement, with one row more per conversation if there is one.
 * Rows are oldest first; for a backward page newest first.
 */
export async function eventPages(
  reader: Reader,
  workspaceId: string,
  conversationIds: readonly string[],
  { types, page }: { types: readonly EventType[] | null; page: Page<number> },
): Promise<Event[]> {
  const rows = await reader
    .selectFrom(parentRows(oneOrMany(conversationIds)))
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
