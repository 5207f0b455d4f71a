import type { Db, Reader } from '../../db/db.ts'
import { withSettings } from '../../db/with-settings.ts'
import { boundsOf, type Keyset, restOf } from '../page.ts'
import { queryOf } from '../search/lexemes.ts'
import { lookUpSettings, search, walkedOf, walkSettings } from '../search/probe.ts'
import { conversationsByBits } from '../search/segments.ts'
import type { SearchedWord } from '../search/words.ts'
import { partsOf } from './filter.ts'
import { keptSizeOf } from './kept-plan.ts'
import type { ConversationPage } from './list.ts'
import type { ConversationAlong } from './rows.ts'
import { lookedUp, walked } from './search-queries.ts'
import { inTime } from './slow-filter.ts'

/**
 * One page of a workspace's conversations that have all of these words. Its rows are in the order of `paged`.
 * @throws Refusal LIMIT_EXCEEDED
 */
export async function searchedPage(
  db: Db,
  workspaceId: string,
  { filter, order, page, along }: ConversationPage,
  words: readonly SearchedWord[],
): Promise<ConversationAlong[]> {
  const parts = partsOf(filter)
  if (!parts) return []
  const shape = { filter: parts.shape, order, along, backward: page.backward }
  const bounds = boundsOf(page)
  const { toCompare, toLookUp } = queryOf(workspaceId, words)
  const searching = { workspaceId, filter: parts.values, page: bounds }
  const isIndexed = keptSizeOf(parts, { filter, order, parent: null }, bounds.limit) !== null
  const list = {
    isIndexed,
    walk: async (rows: number, from: Keyset | null) => {
      const values = { ...searching, page: restOf(bounds, page, from), rows, query: toCompare }
      const walk = (reader: Reader) => walked(reader, values, { ...shape, isIndexed })
      return walkedOf<ConversationAlong>(
        await (isIndexed ? withSettings(db, walkSettings, walk) : walk(db)),
        rows,
      )
    },
    lookUp: () =>
      withSettings(db, lookUpSettings, async (reader: Reader) => {
        const known = await conversationsByBits(reader, workspaceId, toLookUp)
        const { whole, longer } = toLookUp
        return lookedUp(reader, { ...searching, query: { whole, longer }, known }, shape)
      }),
  }
  return inTime(filter, () => search(list, bounds.limit))
}
