import { sql } from 'kysely'
import type { Writer } from '../db/db.ts'

/** How long a watch holds without being renewed, in seconds. */
const lease = 90

/**
 * Says that somebody watches a workspace's log, so that changes are announced. It waits for a change that is about to
 * commit: what is read after it holds that change, and every later one is announced.
 */
export async function watchWorkspace(writer: Writer, workspaceId: string): Promise<void> {
  await writer
    .updateTable('workspace')
    .set({ watched_until: sql`clock_timestamp() + make_interval(secs => ${lease})` })
    .where('id', '=', workspaceId)
    .execute()
}
