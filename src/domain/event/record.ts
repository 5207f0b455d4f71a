import { sql } from 'kysely'
import type { Writer } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { type CountChange, type Counts, noCountChange } from '../workspace/counts.ts'
import type { NewEvent, NewEvents } from './types.ts'

/** The facts that a change records: its events in order, and by how much it changes the counts. */
export type Facts = {
  /** Null: the gateway itself. */
  actorId: string | null
  at: Date
  events: NewEvents
  counts?: CountChange
}

/** `traceparent`: the place of the change in a trace; null: it is in none. */
type Traced = Facts & { traceparent: string | null }

type Recorded = { seq: number; isWatched: boolean }

type Counting = { workspaceId: string; n: number; at: Date; counts: Counts }

/** It locks the row, so the statements behind it read what it has written. */
const counted = reusable(
  (_: Writer, { workspaceId, n, at, counts }: Counting) => sql<Recorded>`
    update workspace set event_seq = event_seq + ${n}, revision = revision + 1,
      open_count = open_count + ${counts.open}, closed_count = closed_count + ${counts.closed},
      archived_count = archived_count + ${counts.archived}, unread_count = unread_count + ${counts.unread},
      unassigned_count = unassigned_count + ${counts.unassigned}
    where id = ${workspaceId}
    returning event_seq as seq, coalesce(watched_until > ${at}::timestamptz, false) as "isWatched"`,
  'ahead',
)

type OfAll = { workspaceId: string; actorId: string | null; at: Date; traceparent: string | null }
type Columns = Record<'type' | 'conversationId' | 'contactId' | 'data', string>

/** Without the lists of several events it takes PostgreSQL four fifths of the time. */
const writingOne = (_: Writer, { workspaceId, actorId, at, traceparent, ...given }: OfAll & Columns) => sql`
  insert into event (workspace_id, seq, type, conversation_id, contact_id, actor_id, data, created_at, traceparent)
  select id, event_seq, ${given.type}, ${given.conversationId}, ${given.contactId}, ${actorId}, ${given.data}::jsonb,
    ${at}::timestamptz, ${traceparent}
  from workspace where id = ${workspaceId}`

type Lists = { n: number } & Record<'types' | 'conversationIds' | 'contactIds' | 'data', readonly string[]>

const writingMany = (_: Writer, { workspaceId, n, actorId, at, traceparent, ...given }: OfAll & Lists) => sql`
  insert into event (workspace_id, seq, type, conversation_id, contact_id, actor_id, data, created_at, traceparent)
  select workspace.id, event_seq - ${n}::int + given.n, given.type, given.conversation_id, given.contact_id,
    ${actorId}, given.data, ${at}::timestamptz, ${traceparent}
  from workspace cross join unnest(${given.types}::text[], ${given.conversationIds}::text[],
    ${given.contactIds}::text[], ${given.data}::jsonb[]
  ) with ordinality as given(type, conversation_id, contact_id, data, n)
  where workspace.id = ${workspaceId}`

/** The counts of agents, each list in the order of the ids. */
type CountingAgents = { workspaceId: string; ids: readonly string[] } & Record<
  'open' | 'closed' | 'archived' | 'unread',
  readonly number[]
>

/** The rows of agents are written only by those who hold the workspace's row, so nobody waits for them. */
const agentsCounted = reusable(
  (_: Writer, { workspaceId, ids, open, closed, archived, unread }: CountingAgents) => sql`
    insert into agent_counts as kept (workspace_id, agent_id, open_count, closed_count, archived_count, unread_count)
    select workspace.id, given.id, given.open, given.closed, given.archived, given.unread
    from workspace cross join unnest(
      ${ids}::text[], ${open}::int[], ${closed}::int[], ${archived}::int[], ${unread}::int[]
    ) as given(id, open, closed, archived, unread)
    where workspace.id = ${workspaceId}
    on conflict (workspace_id, agent_id) do update set open_count = kept.open_count + excluded.open_count,
      closed_count = kept.closed_count + excluded.closed_count,
      archived_count = kept.archived_count + excluded.archived_count,
      unread_count = kept.unread_count + excluded.unread_count`,
  'ahead',
)

const written = { one: reusable(writingOne), many: reusable(writingMany) }
const writtenLast = { one: reusable(writingOne, 'last'), many: reusable(writingMany, 'last') }

/**
 * Numbers and writes the events of a change, and updates the workspace row (counts, revision). This locks the workspace
 * row, and the transaction takes no lock after it. So within a workspace commits happen in the order of the numbers,
 * and the numbers have no gaps. PostgreSQL gets all statements at once, as the lock is held until the last one has come
 * back.
 *
 * @param isLast whether the transaction ends with this
 * @returns the number of the last event, and whether the log was watched at the time of the change, so that the change
 * must be announced after the commit
 */
export async function recordEvents(
  writer: Writer,
  workspaceId: string,
  { actorId, at, events, counts, traceparent }: Traced,
  isLast: boolean,
): Promise<Recorded> {
  const { workspace, agents } = counts ?? noCountChange
  // Its row is there when the events have been written.
  const rows = await counted(writer, { workspaceId, n: events.length, at, counts: workspace })
  if (agents.size > 0) await agentsCounted(writer, { workspaceId, ...valuesOf(agents) })
  await writeEvents(writer, { workspaceId, actorId, at, traceparent }, events, isLast ? writtenLast : written)
  const [recorded] = rows
  // A workspace that does not exist has no rows that the transaction could have written.
  if (!recorded) throw new Error(`The workspace ${workspaceId} does not exist.`)
  return recorded
}

async function writeEvents(
  writer: Writer,
  ofAll: OfAll,
  events: NewEvents,
  { one, many }: typeof written,
): Promise<void> {
  const [first] = events
  if (events.length === 1) await one(writer, { ...ofAll, ...columnsOf(first) })
  else await many(writer, { ...ofAll, ...listsOf(events.map(columnsOf)) })
}

const columnsOf = ({ type, conversation, data }: NewEvent): Columns => ({
  type,
  conversationId: conversation.id,
  contactId: conversation.contactId,
  data: JSON.stringify(data),
})

const listsOf = (events: readonly Columns[]): Lists => ({
  n: events.length,
  types: events.map(({ type }) => type),
  conversationIds: events.map(({ conversationId }) => conversationId),
  contactIds: events.map(({ contactId }) => contactId),
  data: events.map(({ data }) => data),
})

function valuesOf(agents: CountChange['agents']): Omit<CountingAgents, 'workspaceId'> {
  const counts = [...agents.values()]
  return {
    ids: [...agents.keys()],
    open: counts.map(({ open }) => open),
    closed: counts.map(({ closed }) => closed),
    archived: counts.map(({ archived }) => archived),
    unread: counts.map(({ unread }) => unread),
  }
}
