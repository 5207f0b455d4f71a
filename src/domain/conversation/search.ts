import { type SelectQueryBuilder, sql } from 'kysely'
import type { Db, Reader, Tables } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { withSettings } from '../../db/with-settings.ts'
import { type Backward, boundsOf, type PageBounds, paged } from '../page.ts'
import { queryOf } from '../search/lexemes.ts'
import { lookUpSettings, ofWorkspace, search } from '../search/probe.ts'
import type { SearchedWord } from '../search/words.ts'
import { type Along, readAlong } from './along.ts'
import { inOrder, listed, sortOf } from './branch-queries.ts'
import { type ConversationOrder, conditionsOf } from './branches.ts'
import { type FilterShape, type FilterValues, partsOf } from './filter.ts'
import type { ConversationPage } from './list.ts'
import { type ConversationAlong, columns } from './rows.ts'
import { inTime } from './slow-filter.ts'

type Shape = Backward & { filter: FilterShape; order: ConversationOrder; along: Along }
type Searching = { workspaceId: string; filter: FilterValues; page: PageBounds; query: string }
type Walking = Searching & { rows: number }
type Conversations = SelectQueryBuilder<Tables, 'conversation', object>

const walked = reusable(
  (reader, { workspaceId, filter: values, page, rows, query }: Walking, shape: Shape) => {
    const { backward, along, order } = shape
    const filtering = { shape: shape.filter, values, order, parent: null }
    const all = listed(reader, workspaceId, filtering, { ...page, backward, limit: rows })
    const list = reader.selectFrom(all.selectAll('conversation').as('conversation'))
    const found = (list as unknown as Conversations).innerJoinLateral(
      eb =>
        eb
          .selectFrom('conversation_words as kept')
          .select('kept.conversation_id as found')
          .where('kept.workspace_id', '=', workspaceId)
          .whereRef('kept.conversation_id', '=', 'conversation.id')
          .where(sql<boolean>`kept.words @@ ${query}::tsquery`)
          // With a limit it is not made a join of another kind, which would read the words of all.
          .limit(1)
          .as('kept'),
      join => join.onTrue(),
    )
    return readAlong(
      paged(found.select(columns), sortOf(order), inOrder({ ...page, backward })),
      workspaceId,
      along,
    )
  },
)

/** The row behind so many of the list. `upTo` is one more: each branch of the list ends there. */
type Beyond = Omit<Walking, 'query'> & { upTo: number }

const beyond = reusable((reader, { workspaceId, filter: values, page, rows, upTo }: Beyond, shape: Shape) => {
  const filtering = { shape: shape.filter, values, order: shape.order, parent: null }
  const bounds = { ...page, backward: shape.backward, limit: upTo }
  return listed(reader, workspaceId, filtering, bounds).select('conversation.id').offset(rows)
})

const lookedUp = reusable((reader, { workspaceId, filter: values, page, query }: Searching, shape: Shape) => {
  const { order, backward, filter, along } = shape
  const found = sql<{ found: string }>`(
    with found as materialized (
      select conversation_id from conversation_words where words @@ ${query}::tsquery and ${ofWorkspace(workspaceId)}
    ) select * from found
  )`
  const matches = reader.selectFrom(found.as<'found'>(sql`found(found)`)).innerJoinLateral(
    eb =>
      eb
        .selectFrom('conversation')
        .selectAll()
        .where('conversation.workspace_id', '=', workspaceId)
        .whereRef('conversation.id', '=', sql.ref('found.found'))
        .where(inner => inner.and(conditionsOf({ shape: filter, values }).map(condition => condition(inner))))
        .limit(1)
        .as('conversation'),
    join => join.onTrue(),
  ) as unknown as Conversations
  // The page is made first, so that nothing is read along with rows that are not shown.
  const shown = paged(matches.selectAll('conversation'), sortOf(order), { ...page, backward })
  const rows = reader.selectFrom(shown.as('conversation')) as unknown as Conversations
  return readAlong(
    paged(rows.select(columns), sortOf(order), inOrder({ ...page, backward })),
    workspaceId,
    along,
  )
})

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
  const searching = { workspaceId, filter: parts.values, page: bounds, query: toCompare }
  const list = {
    walk: (rows: number) => walked(db, { ...searching, rows }, shape),
    isLongerThan: async (rows: number) =>
      (await beyond(db, { ...searching, rows, upTo: rows + 1 }, shape)).length > 0,
    lookUp: () =>
      withSettings(db, lookUpSettings, (reader: Reader) =>
        lookedUp(reader, { ...searching, query: toLookUp }, shape),
      ),
  }
  return inTime(filter, () => search(list, bounds.limit))
}
