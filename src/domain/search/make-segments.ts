import type { Writer } from '../../db/db.ts'
import { oneOf, oneOrMany } from '../../db/one-of.ts'
import { setLocally } from '../../db/with-settings.ts'
import { minQueued } from './segment-queue.ts'
import { deleteSegments, insertSegment, membersOf } from './segment-rows.ts'
import { segmentConversations } from './segments.ts'

/** So many small segments are joined. A search reads a row of each segment. */
const joinedSegments = 16
/** A segment that the queue gave, and that is smaller, is joined with others. */
const minFinalConversations = segmentConversations / 4

/** For the first segments of a large workspace, and for much text. */
const segmentSettings = { statement_timeout: '60000' }

/**
 * Makes a segment of the next conversations of the queue. Several processes may do so at once: each takes other ones.
 * Nobody who writes waits for it.
 * @param atLeast how many must be in the queue
 * @returns whether there were so many
 */
export async function makeSegment(
  writer: Writer,
  workspaceId: string,
  atLeast = minQueued,
): Promise<boolean> {
  await setLocally(writer, segmentSettings)
  const next = await writer
    .selectFrom('word_segment_queue')
    .select(['id', 'conversation_id as conversationId'])
    .where('workspace_id', '=', workspaceId)
    .limit(segmentConversations)
    .forUpdate()
    .skipLocked()
    .execute()
  if (next.length < atLeast) return false
  const members = [...new Set(next.map(({ conversationId }) => conversationId))].sort()
  await insertSegment(writer, workspaceId, members, members.length >= minFinalConversations)
  await writer
    .deleteFrom('word_segment_queue')
    .where('workspace_id', '=', workspaceId)
    .where(oneOf('id', oneOrMany(next.map(({ id }) => id))))
    .execute()
  return true
}

/**
 * Joins small segments of a workspace. A conversation that is in several of them is in one afterwards.
 * @param count how many there must be
 * @returns whether there were so many
 */
export async function joinSegments(
  writer: Writer,
  workspaceId: string,
  count = joinedSegments,
): Promise<boolean> {
  await setLocally(writer, segmentSettings)
  const small = await writer
    .selectFrom('word_segment')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('is_final', '=', false)
    .limit(count)
    .forUpdate()
    .skipLocked()
    .execute()
  if (small.length < count) return false
  const ids = small.map(({ id }) => id)
  const members = await membersOf(writer, workspaceId, ids)
  await deleteSegments(writer, workspaceId, ids)
  const segments = Math.ceil(members.length / segmentConversations)
  const size = Math.ceil(members.length / segments)
  for (let from = 0; from < members.length; from += size)
    await insertSegment(writer, workspaceId, members.slice(from, from + size), true)
  return true
}
