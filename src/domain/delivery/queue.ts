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

export async function queueOf(reader: Reader): Promise<Queue> {
  const { rows } = await sql<Queue>`
    select count(*) filter (where age >= 0) as due, count(*) filter (where age < 0) as later,
      greatest(coalesce(max(age), 0), 0)::float8 as "oldestDueSeconds"
    from (
      select extract(epoch from clock_timestamp() - next_attempt_at) as age from message
      where next_attempt_at is not null limit ${maxCounted}
    ) waiting`.execute(reader as Writer)
  return rows[0] ?? { due: 0, later: 0, oldestDueSeconds: 0 }
}
