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

/** One index probe for each workspace with a queue finds the oldest one. */
export async function queueOf(reader: Reader): Promise<Queue> {
  const { rows } = await sql<Queue>`
    with recursive first as (
      (select workspace_id, next_attempt_at from message where next_attempt_at is not null
        order by workspace_id, next_attempt_at limit 1)
      union all
      select found.* from first cross join lateral (
        select workspace_id, next_attempt_at from message
        where next_attempt_at is not null and workspace_id > first.workspace_id
        order by workspace_id, next_attempt_at limit 1
      ) found
    ), counted as (
      select next_attempt_at <= clock_timestamp() as is_due from message
      where next_attempt_at is not null limit ${maxCounted}
    )
    select (select count(*) from counted where is_due) as due, (select count(*) from counted where not is_due) as later,
      greatest(coalesce(extract(epoch from clock_timestamp() - (select min(next_attempt_at) from first)), 0), 0)::float8
        as "oldestDueSeconds"`.execute(reader as Writer)
  return rows[0] ?? { due: 0, later: 0, oldestDueSeconds: 0 }
}
