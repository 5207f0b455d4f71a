import { sql } from 'kysely'
import type { Db } from './db.ts'

/** Whether the database answers a statement. A locked table does not matter. Never throws. */
export async function isReachable(db: Db): Promise<boolean> {
  return sql`select 1`.execute(db).then(
    () => true,
    () => false,
  )
}
