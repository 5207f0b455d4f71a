import type { Db, Reader } from '../../db/db.ts'
import { withSettings } from '../../db/with-settings.ts'
import { boundsOf } from '../page.ts'
import { queryOf } from '../search/lexemes.ts'
import { lookUpSettings, search, type WalkRows, walkedOf } from '../search/probe.ts'
import type { SearchedWord } from '../search/words.ts'
import { partsOf } from './filter.ts'
import { keepsWalk, keptSizeOf } from './kept-plan.ts'
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
    walk: async (rows: WalkRows) => {
      const walk = { ...shape, rows, isKept: isIndexed && keepsWalk(parts, rows) }
      return walkedOf<ConversationAlong>(await walked(db, { ...searching, query: toCompare }, walk), rows)
    },
    lookUp: () =>
      withSettings(db, lookUpSettings, (reader: Reader) =>
        lookedUp(reader, { ...searching, query: toLookUp }, shape),
      ),
  }
  return inTime(filter, () => search(list, bounds.limit))
}
