import { sql } from 'kysely'
import type { Db } from './db.ts'
import { type Reason, Unavailable } from './unavailable.ts'

/**
 * Why the database does not answer, or takes no changes, as a standby does; null: it does both. A locked table does not
 * matter. Never throws.
 */
export async function whyUnreachable(db: Db): Promise<Reason | null> {
  const statement = sql<{ isReadOnly: boolean }>`
    select pg_is_in_recovery() or current_setting('transaction_read_only')::bool as "isReadOnly"`
  return statement.execute(db).then(
    ({ rows }) => (rows[0]?.isReadOnly === false ? null : 'READ_ONLY'),
    error => (error instanceof Unavailable ? error.reason : 'UNREACHABLE'),
  )
}
