import type { Reader } from '../../db/db.ts'
import { type OneOrMany, oneOrMany, parentRows } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'
import { type Backward, boundsOf, type Page, type PageBounds } from '../page.ts'
import { type Along, readAlong } from './along.ts'
import { listed } from './branch-queries.ts'
import type { ConversationOrder, Parent } from './branches.ts'
import { type ConversationFilter, type FilterShape, type FilterValues, partsOf } from './filter.ts'
import { keptSizeOf } from './kept-plan.ts'
import { type ConversationAlong, columns } from './rows.ts'
import { inTime } from './slow-filter.ts'

type PageShape = Backward & {
  filter: FilterShape
  order: ConversationOrder
  along: Along
  /** See keptSizeOf. */
  keptSize: number | null
}
type PageValues = { workspaceId: string; filter: FilterValues; page: PageBounds }

/** What a page of conversations consists of. */
export type ConversationPage = {
  filter: ConversationFilter
  order: ConversationOrder
  page: Page
  along: Along
}

const ofWorkspace = reusable(
  (
    reader,
    { workspaceId, filter: values, page }: PageValues,
    { order, along, filter, backward, keptSize }: PageShape,
  ) => {
    const rows = listed(
      reader,
      workspaceId,
      { shape: filter, values, order, parent: null },
      { ...page, backward },
      keptSize,
    )
    return readAlong(rows.select(columns), workspaceId, along)
  },
)

/** One page of a workspace's conversations, without its search. @throws Refusal LIMIT_EXCEEDED */
export async function conversationPage(
  reader: Reader,
  workspaceId: string,
  { filter, order, page, along }: ConversationPage,
): Promise<ConversationAlong[]> {
  const parts = partsOf(filter)
  if (!parts) return []
  const values = { workspaceId, filter: parts.values, page: boundsOf(page) }
  const keptSize = keptSizeOf(parts, { filter, order, parent: null }, values.page.limit)
  const shape = { filter: parts.shape, order, along, backward: page.backward, keptSize }
  return inTime(filter, () => ofWorkspace(reader, values, shape))
}

type PagesValues = PageValues & { of: OneOrMany<string> }

const ofParents = reusable(
  (
    reader,
    { workspaceId, of, filter: values, page }: PagesValues,
    { parent, order, along, filter, backward, keptSize }: PageShape & { parent: Parent },
  ) =>
    reader
      .selectFrom(parentRows(of))
      .innerJoinLateral(
        eb => {
          const filtering = { shape: filter, values, order, parent }
          const rows = listed(eb, workspaceId, filtering, { ...page, backward }, keptSize)
          return readAlong(rows.select(columns), workspaceId, along).as('conversation')
        },
        join => join.onTrue(),
      )
      .selectAll('conversation'),
)

/**
 * The same page of each parent's conversations, in one statement. Within each parent rows are in the order of `paged`.
 * @throws Refusal LIMIT_EXCEEDED
 */
export async function conversationPages(
  reader: Reader,
  workspaceId: string,
  parents: readonly string[],
  { parent, filter, order, page, along }: ConversationPage & { parent: Parent },
): Promise<ConversationAlong[]> {
  const parts = partsOf(filter)
  if (!parts) return []
  const values = { workspaceId, of: oneOrMany(parents), filter: parts.values, page: boundsOf(page) }
  const keptSize = keptSizeOf(parts, { filter, order, parent }, values.page.limit)
  const shape = { filter: parts.shape, order, along, backward: page.backward, keptSize, parent }
  return inTime(filter, () => ofParents(reader, values, shape))
}
