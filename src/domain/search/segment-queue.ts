import { sql } from 'kysely'
import type { Reader, Writer } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'

/** A segment is made of so many queued conversations. Until then each search compares them one by one: 1 ms. */
export const minQueued = 256

const queued = reusable(
  (
    _: Writer,
    { workspaceId, conversationIds }: { workspaceId: string; conversationIds: readonly string[] },
  ) => sql`
    insert into word_segment_queue (workspace_id, conversation_id)
    select ${workspaceId}, unnest(${conversationIds}::text[])`,
  'ahead',
)

/** Puts conversations into the queue for segments, in the transaction that changes their words. */
export async function queueForSegments(
  writer: Writer,
  workspaceId: string,
  conversationIds: readonly string[],
): Promise<void> {
  await queued(writer, { workspaceId, conversationIds })
}

/** The workspaces of which enough conversations are queued for a segment. It counts those of all workspaces. */
export async function workspacesToSegment(reader: Reader): Promise<string[]> {
  const rows = await reader
    .selectFrom('word_segment_queue')
    .select('workspace_id as id')
    .groupBy('workspace_id')
    .having(eb => eb.fn.countAll<number>(), '>=', minQueued)
    .execute()
  return rows.map(({ id }) => id)
}
