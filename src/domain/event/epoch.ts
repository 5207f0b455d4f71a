import { sql } from 'kysely'
import type { Db, Reader, Writer } from '../../db/db.ts'
import { Unavailable } from '../../db/unavailable.ts'
import { setLocally } from '../../db/with-settings.ts'

/**
 * An epoch is a second of the database's clock, and has room for so many events: more than a log can have in a second. So
 * its numbers are behind all that were ever handed out, also in commits that are lost. They stay exact until 2298 (2^53).
 */
export const eventsPerEpoch = 2 ** 20
const firstEpochAt = Date.UTC(2026, 0, 1) / 1_000

/** It changes the row of each workspace: 100,000 took 1.3 seconds. */
const maxEpochMs = 60_000

/** Where a log is written: the cluster, its timeline, and how far; null: the database cannot tell, or takes no changes. */
export type Origin = {
  systemIdentifier: string
  timeline: number
  /** How many bytes of its write-ahead log are on the disk. */
  walBytes: number
}

/** Whether two origins are one database, as far as it can tell. */
export const isSameOrigin = (one: Pick<Origin, 'systemIdentifier' | 'timeline'>, other: Origin): boolean =>
  one.systemIdentifier === other.systemIdentifier && one.timeline === other.timeline

/** A crash may tear the last record of the write-ahead log. Nearly all records have less than this. */
const maxTornBytes = 1_000_000

/** Whether a database that is the same, as far as it can tell, has been set back: by a copy of its files. */
export const isSetBack = (from: Origin, to: Origin): boolean => to.walBytes + maxTornBytes < from.walBytes

/** The epoch of this moment. */
export const epochNow = sql<number>`(extract(epoch from statement_timestamp())::bigint - ${firstEpochAt}::bigint)`

/**
 * Begins a new epoch of the log of a workspace, or of all: numbers go on behind all that there may have been, and cursors
 * from before are CURSOR_EXPIRED. So nobody goes on after a position whose events were lost, and nobody takes other events
 * for those. Revisions move in the same way, as answers are kept by them. Returns how many workspaces have a new epoch.
 *
 * @param unlessWithinSeconds a log whose epoch is within these seconds of now keeps it; left out: it gets a new one
 */
export async function beginEpoch(
  writer: Writer,
  workspaceId: string | null,
  unlessWithinSeconds?: number,
): Promise<number> {
  const size = sql`${eventsPerEpoch}::bigint`
  const next = (column: 'event_seq' | 'revision') =>
    sql<number>`greatest(${sql.ref(column)} / ${size} + 1, ${epochNow}) * ${size}`
  const { numUpdatedRows } = await writer
    .updateTable('workspace')
    .set({ event_seq: next('event_seq'), event_floor: next('event_seq'), revision: next('revision') })
    .$if(workspaceId !== null, query => query.where('id', '=', workspaceId ?? ''))
    .$if(unlessWithinSeconds !== undefined, query =>
      query.where(sql<boolean>`abs(event_floor / ${size} - ${epochNow}) > ${unlessWithinSeconds}::bigint`),
    )
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}

/** Processes find out at about the same time that the database was set back. The first one begins the epoch for all. */
const foundWithinSeconds = 10

/**
 * Begins a new epoch of all logs because the database has lost commits. Returns how many workspaces have a new epoch; 0:
 * another process has done so.
 */
export function beginEpochAfterLoss(db: Db): Promise<number> {
  return db.transaction().execute(async writer => {
    await setLocally(writer, { statement_timeout: `${maxEpochMs}` })
    return beginEpoch(writer, null, foundWithinSeconds)
  })
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
  const query = sql<{ systemIdentifier: string; timeline: number | null; walBytes: number | null }>`
    select system_identifier::text as "systemIdentifier",
      case when pg_is_in_recovery() then null
      else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end as timeline,
      case when pg_is_in_recovery() then null
      else (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint end as "walBytes"
    from pg_control_system()`
  const [row] = (await query.execute(reader as Writer)).rows
  if (row?.timeline == null || row.walBytes === null) return null
  return { ...row, timeline: row.timeline, walBytes: row.walBytes }
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
    // The address may lead elsewhere since the origin was read, or this connection may still lead to the database before.
    const here = await originOf(writer)
    if (here === null || !isSameOrigin({ systemIdentifier, timeline }, here))
      throw new Unavailable(new Error('Another database has answered.'), 'CONFLICT')
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
    // A feed that has seen the loss may have begun it already.
    return beginEpoch(writer, null, foundWithinSeconds)
  })
}
