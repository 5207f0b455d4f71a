import { sql } from 'kysely'
import type { Db, Reader, Writer } from '../../db/db.ts'
import { setLocally } from '../../db/with-settings.ts'

/** The events that one epoch has room for. Their numbers stay exact for two million epochs (2^53). */
const eventsPerEpoch = 2 ** 32

/** It changes the row of each workspace: 100,000 took 1.3 seconds. */
const maxEpochMs = 60_000

/** Where a log is written: the cluster and its timeline; null: the database cannot tell, or takes no changes. */
export type Origin = { systemIdentifier: string; timeline: number }

/**
 * Begins a new epoch of the log of a workspace, or of all: numbers go on behind all that there may have been, and cursors
 * from before are CURSOR_EXPIRED. So nobody goes on after a position whose events were lost, and nobody takes other events
 * for those. Revisions move in the same way, as answers are kept by them. Returns how many workspaces there are.
 */
export async function beginEpoch(writer: Writer, workspaceId: string | null): Promise<number> {
  const next = (column: 'event_seq' | 'revision') =>
    sql<number>`(${sql.ref(column)} / ${eventsPerEpoch}::bigint + 1) * ${eventsPerEpoch}::bigint`
  const { numUpdatedRows } = await writer
    .updateTable('workspace')
    .set({ event_seq: next('event_seq'), event_floor: next('event_seq'), revision: next('revision') })
    .$if(workspaceId !== null, query => query.where('id', '=', workspaceId ?? ''))
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}

/** The timeline of the control file is older than a promotion, until the first checkpoint. */
export async function originOf(reader: Reader): Promise<Origin | null> {
  try {
    return await readOrigin(reader)
  } catch (error) {
    // The role may not ask, or the server has no such function.
    if (['42501', '42883', '0A000'].includes(String((error as { code?: unknown }).code))) return null
    throw error
  }
}

async function readOrigin(reader: Reader): Promise<Origin | null> {
  const query = sql<{ systemIdentifier: string; timeline: number | null }>`
    select system_identifier::text as "systemIdentifier",
      case when pg_is_in_recovery() then null
      else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end as timeline
    from pg_control_system()`
  const [row] = (await query.execute(reader as Writer)).rows
  return row && row.timeline !== null ? { ...row, timeline: row.timeline } : null
}

/**
 * Begins a new epoch of all logs if the database is not the one that wrote them: it was promoted, recovered to a point in
 * time, or restored elsewhere. One process does so, and the others find it done. Returns how many workspaces have a new
 * epoch.
 */
export async function keepOrigin(db: Db, { systemIdentifier, timeline }: Origin): Promise<number> {
  const isKept = (known: { system_identifier: string; timeline: number } | undefined) =>
    known?.system_identifier === systemIdentifier && known.timeline === timeline
  // Usually it is, also where nothing can be written now.
  if (isKept(await db.selectFrom('log_origin').selectAll().executeTakeFirst())) return 0
  return db.transaction().execute(async writer => {
    await setLocally(writer, { statement_timeout: `${maxEpochMs}` })
    const values = { system_identifier: systemIdentifier, timeline }
    const added = await writer
      .insertInto('log_origin')
      .values(values)
      .onConflict(conflict => conflict.doNothing())
      .executeTakeFirst()
    if (added.numInsertedOrUpdatedRows) return 0
    const known = await writer.selectFrom('log_origin').selectAll().forUpdate().executeTakeFirstOrThrow()
    if (isKept(known)) return 0
    await writer.updateTable('log_origin').set(values).execute()
    return beginEpoch(writer, null)
  })
}
