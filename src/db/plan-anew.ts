import { sql } from 'kysely'
import { repeat } from '../runtime/repeat.ts'
import type { Db } from './db.ts'

/**
 * Lets the embedded database plan its statements anew as it grows: a plan that was made for a few rows may read all of many.
 * PostgreSQL does so by itself when autovacuum has analyzed a table. The embedded database has none.
 *
 * @param changes counts what may have changed the database
 */
export function planAnew(
  db: Db,
  changes: () => number,
  { everyMs = 60_000, onError }: { everyMs?: number; onError(error: unknown): void },
): { close(): Promise<void> } {
  let seen = changes()
  async function discard(): Promise<void> {
    const now = changes()
    if (now === seen) return
    await sql`discard plans`.execute(db)
    seen = now
  }
  const discarding = repeat(discard, { everyMs, firstAfterMs: everyMs, onError })
  return { close: () => discarding.stop() }
}
