import { sql } from 'kysely'
import type { Reader, Writer } from '../../db/db.ts'

/** The messages of all workspaces that wait for an attempt to deliver them. */
export type Queue = {
  /** Their time has come. Those that are being tried are among them. */
  due: number
  /** They are tried again later. */
  later: number
  /** For how long the oldest one has been due; 0: none is. */
  oldestDueSeconds: number
}

/** More are not counted: then these stand for all. */
const maxCounted = 10_000

/** Reads the queue. What it costs is bounded but for the oldest message, for which the index of all that wait is read. */
export async function queueOf(reader: Reader): Promise<Queue> {
  const isDue = sql`next_attempt_at <= statement_timestamp()`
  const counted = await sql<Pick<Queue, 'due' | 'later'>>`
    select count(*) filter (where ${isDue}) as due, count(*) filter (where not ${isDue}) as later
    from (select next_attempt_at from message where next_attempt_at is not null limit ${maxCounted}) as waiting`.execute(
    reader as Writer,
  )
  const oldest = await sql<Pick<Queue, 'oldestDueSeconds'>>`
    select greatest(coalesce(extract(epoch from clock_timestamp() - min(next_attempt_at)), 0), 0)::float8
      as "oldestDueSeconds"
    from message where next_attempt_at is not null`.execute(reader as Writer)
  return { due: 0, later: 0, oldestDueSeconds: 0, ...counted.rows[0], ...oldest.rows[0] }
}
