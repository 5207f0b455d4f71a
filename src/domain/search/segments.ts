import { sql } from 'kysely'
import type { Reader } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import type { IndexQuery } from './lexemes.ts'

/** As many as the column `bits` of the table word_segment_bits has. */
export const segmentConversations = 4_096

/** So many bits of a segment are looked at together, as few of them are set. */
export const partConversations = 64

/** So many conversations are compared one by one: 3 ms. */
const maxCandidates = 1_500

const inPart = sql.lit(partConversations)
const parts = sql.lit(segmentConversations / partConversations)
const allBits = sql.raw(`repeat('1', ${segmentConversations})::bit(${segmentConversations})`)

type Meeting = { workspaceId: string; words: readonly string[]; query: string }

/**
 * Candidates have a bit of each word, as far as a segment has bits of it, or wait for a segment. Segments and queue are read
 * by one statement, as conversations go from the queue to segments. No row: there are too many candidates. A row whose id is
 * null: no conversation has these words.
 */
const meeting = reusable(
  (_: Reader, { workspaceId, words, query }: Meeting) => sql<{ id: string | null }>`
    with shared as materialized (
      select segment.id as segment_id, coalesce(bit_and(bits), ${allBits}) as bits,
        least(bit_count(coalesce(bit_and(bits), ${allBits}))::integer, size) as count
      from word_segment as segment left join word_segment_bits as of_word
        on of_word.workspace_id = ${workspaceId} and word = any(${words}) and of_word.segment_id = segment.id
      where segment.workspace_id = ${workspaceId} group by segment.id, size
    ), waiting as materialized (
      select conversation_id as id from word_segment_queue where workspace_id = ${workspaceId}
      limit ${sql.lit(maxCandidates + 1)}
    ), few as materialized (
      select from shared having coalesce(sum(count), 0) + (select count(*) from waiting) <= ${sql.lit(maxCandidates)}
    ), hit as materialized (
      select segment_id, bits from shared where count > 0 and exists (select from few)
    ), candidates as materialized (
      select conversation_ids[place + 1] as id
      from hit
        cross join generate_series(0, ${parts} - 1) as nth
        cross join lateral (
          select conversation_ids from word_segment_part
          where workspace_id = ${workspaceId} and segment_id = hit.segment_id and number = nth limit 1
        ) as part
        cross join generate_series(0, ${inPart} - 1) as place
      where bit_count(substring(bits from nth * ${inPart} + 1 for ${inPart})) > 0
        and get_bit(bits, nth * ${inPart} + place) = 1
      union
      select id from waiting where exists (select from few)
    )
    select found.id from few left join lateral (
      select conversation_id as id from conversation_words
      where workspace_id = ${workspaceId} and conversation_id = any(array(select id from candidates))
        and (words @@ ${query}::tsquery) is true
    ) as found on true`,
)

/**
 * The conversations that match `whole` of a query, by the bits of its words; null: these are not several whole words, or
 * so many conversations may match that the index of words tells it sooner.
 */
export async function conversationsByBits(
  reader: Reader,
  workspaceId: string,
  { whole: query, words }: IndexQuery,
): Promise<string[] | null> {
  if (words.length === 0) return null
  const rows = await meeting(reader, { workspaceId, words, query })
  return rows.length === 0 ? null : rows.flatMap(({ id }) => id ?? [])
}
