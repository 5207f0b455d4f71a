import { sql } from 'kysely'
import type { Writer } from '../../db/db.ts'

/** How long a watch lasts without being renewed. */
const leaseSeconds = 90

/**
 * Marks a workspace's log as watched, so that changes are announced. It waits for a change that is about to commit:
 * what is read after it includes that change, and every later change is announced.
 */
export async function watchWorkspace(writer: Writer, workspaceId: string): Promise<void> {
  await writer
    .updateTable('workspace')
    .set({ watched_until: sql`statement_timestamp() + make_interval(secs => ${leaseSeconds})` })
    .where('id', '=', workspaceId)
    .execute()
}
