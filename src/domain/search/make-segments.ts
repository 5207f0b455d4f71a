import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Writer } from '../../db/db.ts'
import { setLocally } from '../../db/with-settings.ts'
import { minQueued } from './segment-queue.ts'
import { partConversations, segmentConversations } from './segments.ts'

/** So many small segments are joined. A search reads a row of each segment. */
const joinedSegments = 16

/** A word has bits in a segment if one of so many conversations there has it. */
const commonOneOf = 16

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
  const conversationIds = [...new Set(next.map(({ conversationId }) => conversationId))].sort()
  const isFinal = conversationIds.length > segmentConversations / 2
  await insertSegment(writer, workspaceId, conversationIds, isFinal)
  const done = next.map(({ id }) => id)
  await sql`
    delete from word_segment_queue where workspace_id = ${workspaceId} and id = any(${done}::uuid[])`.execute(
    writer,
  )
  return true
}

/**
 * Joins small segments of a workspace. A conversation that got several messages is in several of them, and in one
 * afterwards.
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
  for (let from = 0; from < members.length; from += segmentConversations)
    await insertSegment(writer, workspaceId, members.slice(from, from + segmentConversations), true)
  return true
}

async function membersOf(
  writer: Writer,
  workspaceId: string,
  segmentIds: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct unnest(conversation_ids) as id from word_segment_part
    where workspace_id = ${workspaceId} and segment_id = any(${segmentIds}::uuid[]) order by id`.execute(
    writer,
  )
  return rows.map(({ id }) => id)
}

async function deleteSegments(writer: Writer, workspaceId: string, ids: readonly string[]): Promise<void> {
  const ofWorkspace = sql`workspace_id = ${workspaceId}`
  await sql`delete from word_segment_bits where ${ofWorkspace} and segment_id = any(${ids}::uuid[])`.execute(
    writer,
  )
  await sql`delete from word_segment_part where ${ofWorkspace} and segment_id = any(${ids}::uuid[])`.execute(
    writer,
  )
  await sql`delete from word_segment where ${ofWorkspace} and id = any(${ids}::uuid[])`.execute(writer)
}

/** A conversation with more words would take long to look through. It counts as one that has every common word. */
const maxReadWords = 2_000

/** A word that is added meanwhile may have its bit or not: its conversation is in the queue again. */
async function insertSegment(
  writer: Writer,
  workspaceId: string,
  conversationIds: readonly string[],
  isFinal: boolean,
): Promise<void> {
  const id = randomUUID()
  await writer
    .insertInto('word_segment')
    .values({ workspace_id: workspaceId, id, is_final: isFinal })
    .execute()
  await sql`
    insert into word_segment_part (workspace_id, segment_id, number, conversation_ids)
    select ${workspaceId}, ${id}::uuid, (place - 1) / ${sql.lit(partConversations)}, array_agg(conversation_id order by place)
    from unnest(${conversationIds}::text[]) with ordinality as member(conversation_id, place)
    group by (place - 1) / ${sql.lit(partConversations)}`.execute(writer)
  const none = sql.raw(`repeat('0', ${segmentConversations})::bit(${segmentConversations})`)
  const ofMembers = sql`bit_or(set_bit(${none}, place::integer - 1, 1))`
  const members = sql`
    unnest(${conversationIds}::text[]) with ordinality as member(conversation_id, place)
      join conversation_words as kept
        on kept.workspace_id = ${workspaceId} and kept.conversation_id = member.conversation_id`
  await sql`
    insert into word_segment_bits (workspace_id, word, segment_id, bits)
    select ${workspaceId}, word, ${id}::uuid,
      ${ofMembers} | coalesce((select ${ofMembers} from ${members} where length(words) > ${maxReadWords}), ${none})
    from ${members} cross join lateral unnest(words) as each(word, positions, weights)
    where length(words) <= ${maxReadWords}
    group by word having count(*) * ${sql.lit(commonOneOf)} >= ${conversationIds.length}`.execute(writer)
}
