import { sql } from 'kysely'
import type { Writer } from '../../db/db.ts'
import { setLocally } from '../../db/with-settings.ts'
import { partConversations, segmentConversations } from './segments.ts'

/** A million conversations take 20 seconds to queue. */
const renewSettings = { statement_timeout: '600000' }

/**
 * Deletes the segments of a workspace and queues all its conversations, if the segments have more than twice as many
 * members: a conversation that gets messages for months is in many segments. Searches ask the index until the new segments
 * are made.
 */
export async function renewSegments(writer: Writer, workspaceId: string): Promise<void> {
  const ofWorkspace = sql`workspace_id = ${workspaceId}`
  const { rows } = await sql<{ isCrowded: boolean }>`
    select (select count(*) from word_segment_part where ${ofWorkspace}) * ${partConversations}::integer
      > 2 * (open_count + closed_count + archived_count) + ${segmentConversations}::integer as "isCrowded"
    from workspace where id = ${workspaceId}`.execute(writer)
  if (!rows[0]?.isCrowded) return
  await setLocally(writer, renewSettings)
  for (const table of ['word_segment_bits', 'word_segment_part', 'word_segment', 'word_segment_queue'])
    await sql`delete from ${sql.table(table)} where ${ofWorkspace}`.execute(writer)
  await sql`
    insert into word_segment_queue (workspace_id, conversation_id)
    select workspace_id, conversation_id from conversation_words where ${ofWorkspace}`.execute(writer)
}
