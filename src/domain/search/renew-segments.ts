import { sql } from 'kysely'
import type { Writer } from '../../db/db.ts'
import { setLocally } from '../../db/with-settings.ts'
import { deleteSegments } from './segment-rows.ts'
import { partConversations, segmentConversations } from './segments.ts'

/** A million conversations take 20 seconds to queue. */
const renewSettings = { statement_timeout: '600000' }

/**
 * Deletes the segments of a workspace and queues all its conversations, if the segments have more than twice as many
 * members: a conversation that gets messages for months is in many segments. Several processes may do so at once: one does
 * it, and the others find nothing to do. What another process makes meanwhile stays.
 * @param most how many members more than twice its conversations a workspace may have
 */
export async function renewSegments(
  writer: Writer,
  workspaceId: string,
  most = segmentConversations,
): Promise<void> {
  await setLocally(writer, renewSettings)
  if (!(await isCrowded(writer, workspaceId, most))) return
  const segments = await writer
    .selectFrom('word_segment')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .orderBy('id')
    .forUpdate()
    .execute()
  // Another process may have renewed them meanwhile.
  if (segments.length === 0 || !(await isCrowded(writer, workspaceId, most))) return
  await deleteSegments(
    writer,
    workspaceId,
    segments.map(({ id }) => id),
  )
  await sql`
    insert into word_segment_queue (workspace_id, conversation_id)
    select workspace_id, conversation_id from conversation_words where workspace_id = ${workspaceId}`.execute(
    writer,
  )
}

/** The kept counts are looked at first. They may be wrong, and counting takes a while. */
async function isCrowded(writer: Writer, workspaceId: string, most: number): Promise<boolean> {
  const { rows } = await sql<{ isCrowded: boolean }>`
    select members > 2 * (open_count + closed_count + archived_count) + ${most}
      and members > 2 * (select count(*) from conversation_words where workspace_id = ${workspaceId}) + ${most} as "isCrowded"
    from workspace cross join (
      select count(*) * ${sql.lit(partConversations)} as members from word_segment_part where workspace_id = ${workspaceId}
    ) as segments
    where id = ${workspaceId}`.execute(writer)
  return rows[0]?.isCrowded ?? false
}
