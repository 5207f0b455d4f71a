import { sql } from 'kysely'
import type { Db } from './db.ts'

/** Whether the database answers, and takes changes: a standby does not. A locked table does not matter. Never throws. */
export async function isReachable(db: Db): Promise<boolean> {
  const statement = sql<{ isReadOnly: boolean }>`
    select pg_is_in_recovery() or current_setting('transaction_read_only')::bool as "isReadOnly"`
  return statement.execute(db).then(
    ({ rows }) => rows[0]?.isReadOnly === false,
    () => false,
  )
}
