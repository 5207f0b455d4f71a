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

/** The workspaces whose queue may be long enough for a segment, with their revisions. */
export async function workspacesToSegment(reader: Reader): Promise<{ id: string; revision: number }[]> {
  return reader
    .selectFrom('workspace')
    .select(['id', 'revision'])
    .where('revision', '>=', eb => eb('segmented_revision', '+', minQueued))
    .execute()
}

/** Notes that the queue of the workspace was too short for a segment at this revision. */
export async function markSegmented(writer: Writer, workspaceId: string, revision: number): Promise<void> {
  await writer
    .updateTable('workspace')
    .set({ segmented_revision: revision })
    .where('id', '=', workspaceId)
    .execute()
}
