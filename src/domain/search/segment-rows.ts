import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Writer } from '../../db/db.ts'
import { partConversations, segmentConversations } from './segments.ts'

/** A word has bits in a segment if one of so many conversations there has it. */
const commonOneOf = 16

/** A conversation with more words would take long to look through. It counts as one that has every common word. */
const maxReadWords = 1_000

const part = sql`(place - 1) / ${sql.lit(partConversations)}`
const none = sql.raw(`repeat('0', ${segmentConversations})::bit(${segmentConversations})`)
const bitsOfMembers = sql`bit_or(set_bit(${none}, place::integer - 1, 1))`

/**
 * Writes a segment of these conversations, at most 4,096. A word that is added meanwhile may have its bit or not: its
 * conversation is in the queue again.
 */
export async function insertSegment(
  writer: Writer,
  workspaceId: string,
  conversationIds: readonly string[],
  isFinal: boolean,
): Promise<void> {
  const id = randomUUID()
  await writer
    .insertInto('word_segment')
    .values({ workspace_id: workspaceId, id, size: conversationIds.length, is_final: isFinal })
    .execute()
  const members = sql`unnest(${conversationIds}::text[]) with ordinality as member(conversation_id, place)`
  await sql`
    insert into word_segment_part (workspace_id, segment_id, number, conversation_ids)
    select ${workspaceId}, ${id}::uuid, ${part}, array_agg(conversation_id order by place)
    from ${members} group by ${part}`.execute(writer)
  const kept = sql`
    ${members} join conversation_words as kept
      on kept.workspace_id = ${workspaceId} and kept.conversation_id = member.conversation_id`
  await sql`
    insert into word_segment_bits (workspace_id, word, segment_id, bits)
    select ${workspaceId}, word, ${id}::uuid, ${bitsOfMembers}
      | coalesce((select ${bitsOfMembers} from ${kept} where length(words) > ${maxReadWords}), ${none})
    from ${kept} cross join lateral unnest(words) as each(word, positions, weights)
    where length(words) <= ${maxReadWords}
    group by word having count(*) * ${sql.lit(commonOneOf)} >= ${conversationIds.length}`.execute(writer)
}

/** The conversations of segments, each once, in the order of their ids. */
export async function membersOf(
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

export async function deleteSegments(
  writer: Writer,
  workspaceId: string,
  segmentIds: readonly string[],
): Promise<void> {
  for (const [table, id] of [
    ['word_segment_bits', 'segment_id'],
    ['word_segment_part', 'segment_id'],
    ['word_segment', 'id'],
  ] as const)
    await sql`
      delete from ${sql.table(table)}
      where workspace_id = ${workspaceId} and ${sql.ref(id)} = any(${segmentIds}::uuid[])`.execute(writer)
}
