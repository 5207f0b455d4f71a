import { sql } from 'kysely'
import type { Reader, Writer } from '../../db/db.ts'

/** The messages of all workspaces that wait for an attempt to deliver them. All of them are counted. */
export type Queue = {
  /** Their time has come. Those that are being tried are among them. */
  due: number
  /** They are tried again later. */
  later: number
  /** For how long the oldest one has been due; 0: none is. */
  oldestDueSeconds: number
}

export async function queueOf(reader: Reader): Promise<Queue> {
  const isDue = sql`next_attempt_at <= statement_timestamp()`
  const { rows } = await sql<Queue>`
    select count(*) filter (where ${isDue}) as due, count(*) filter (where not ${isDue}) as later,
      greatest(coalesce(extract(epoch from clock_timestamp() - min(next_attempt_at)), 0), 0)::float8 as "oldestDueSeconds"
    from message where next_attempt_at is not null`.execute(reader as Writer)
  return rows[0] ?? { due: 0, later: 0, oldestDueSeconds: 0 }
}
