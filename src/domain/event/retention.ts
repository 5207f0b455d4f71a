import { sql } from 'kysely'
import type { Reader, Writer } from '../../db/db.ts'

const maxDeletedEvents = 5_000

/** The workspaces whose oldest event is older than this many days, or that have old events of an earlier epoch. It looks at all workspaces. */
export async function workspacesWithOldEvents(reader: Reader, days: number): Promise<string[]> {
  const rows = await reader
    .selectFrom('workspace')
    .innerJoin('event', join =>
      join
        .onRef('event.workspace_id', '=', 'workspace.id')
        .on('event.seq', '=', sql<number>`workspace.event_floor + 1`),
    )
    .select('workspace.id')
    .where('event.created_at', '<', olderThan(days))
    .union(
      reader
        .selectFrom('workspace')
        .select('workspace.id')
        // Only the oldest one is read, however many there are.
        .where(
          eb =>
            eb
              .selectFrom('event')
              .select('event.created_at')
              .whereRef('event.workspace_id', '=', 'workspace.id')
              .whereRef('event.seq', '<=', 'workspace.event_floor')
              .orderBy('event.seq')
              .limit(1),
          '<',
          olderThan(days),
        ),
    )
    .execute()
  return rows.map(row => row.id)
}

const olderThan = (days: number) => sql<Date>`statement_timestamp() - make_interval(days => ${days}::int)`

/**
 * Deletes the oldest events of a workspace, up to the first one that is young enough, at most 5,000. The floor of the
 * log moves with them, so that a reader further back gets an error instead of skipping them. Returns the number of
 * deleted events.
 */
export async function deleteOldEvents(writer: Writer, workspaceId: string, days: number): Promise<number> {
  const { rows } = await sql<{ floor: number; deleted: number }>`
    with bounds as (
      select event_floor as floor, least(event_seq, event_floor + ${maxDeletedEvents}) as last_seq from workspace where id = ${workspaceId}
    ), young as (
      select min(seq) as seq from event, bounds
      where workspace_id = ${workspaceId} and seq > floor and seq <= last_seq and created_at >= ${olderThan(days)}
    ), gone as (
      delete from event using bounds, young
      where workspace_id = ${workspaceId} and event.seq > floor and event.seq < coalesce(young.seq, last_seq + 1)
      returning event.seq
    )
    select max(seq) as floor, count(*) as deleted from gone`.execute(writer)
  const { floor = null, deleted = 0 } = rows[0] ?? {}
  if (floor === null) return 0
  await writer
    .updateTable('workspace')
    .set(eb => ({ event_floor: floor, revision: eb('revision', '+', 1) }))
    .where('id', '=', workspaceId)
    .where('event_floor', '<', floor)
    .execute()
  return deleted
}

/** Deletes the oldest events of earlier epochs of a workspace, at most 5,000. Nobody follows them. Returns their number. */
export async function deleteOldEventsOfEarlierEpochs(
  writer: Writer,
  workspaceId: string,
  days: number,
): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    with old as (
      select seq from (
        select event.seq, event.created_at from event join workspace on workspace.id = event.workspace_id
        where event.workspace_id = ${workspaceId} and event.seq <= event_floor
        order by event.seq limit ${maxDeletedEvents}
      ) oldest where created_at < ${olderThan(days)}
    )
    delete from event using old where event.workspace_id = ${workspaceId} and event.seq = old.seq`.execute(
    writer,
  )
  return Number(numAffectedRows)
}
