import { type ExpressionBuilder, type SelectQueryBuilder, sql } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { type OneOrMany, oneOrMany, parentRows } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'
import { type Backward, boundsOf, type Page, type PageBounds, paged, type Sort } from '../page.ts'
import { type Along, readAlong } from './along.ts'
import { agentId, branchesOf, type ConversationOrder, type Filtering, type Parent } from './branches.ts'
import { type ConversationFilter, type FilterShape, type FilterValues, partsOf } from './filter.ts'
import { keptSizeOf } from './kept-plan.ts'
import { type ConversationAlong, columns } from './rows.ts'
import { inTime } from './slow-filter.ts'

const orderColumns = {
  lastMessageAt: 'last_message_at',
  createdAt: 'created_at',
} as const satisfies Record<ConversationOrder['by'], keyof Tables['conversation']>

export const sortOf = ({ by, descending }: ConversationOrder): Sort => ({
  column: orderColumns[by],
  descending,
})

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

type From = Pick<ExpressionBuilder<Tables, never>, 'selectFrom'> | Reader
type Conversations = SelectQueryBuilder<Tables, 'conversation', object>

/** The branches of a filter as queries of their own. */
function branchQueries(from: From, workspaceId: string, filtering: Filtering): Conversations[] {
  return branchesOf(filtering).map(conditions => {
    const branch = (from as Reader)
      .selectFrom('conversation')
      .where('conversation.workspace_id', '=', workspaceId)
      .where(eb => eb.and(conditions.map(condition => condition(eb))))
    if (filtering.parent === 'contact') return branch.whereRef('contact_id', '=', sql.ref('parent.id'))
    return filtering.parent === 'agent' ? branch.where(agentId, '=', sql.ref<string>('parent.id')) : branch
  })
}

/** Queries as one table, one after the other. Each is a table of its own within it, as it has an order and a limit. */
function together(from: From, branches: readonly Conversations[]): Conversations {
  const [first, ...others] = branches.map(branch =>
    (from as Reader).selectFrom(branch.selectAll('conversation').as('branch')).selectAll('branch'),
  )
  if (!first) throw new Error('A filter has at least one branch.')
  const all = others.reduce((union, branch) => union.unionAll(branch), first)
  return (from as Reader).selectFrom(all.as('conversation')) as unknown as Conversations
}

/** The first matching conversations of a workspace, at most so many, in any order. */
export function matching(
  from: From,
  workspaceId: string,
  filtering: Omit<Filtering, 'order'>,
  limit: number,
): Conversations {
  // In the order of creation the fewest branches are merged.
  const order = { by: 'createdAt', descending: true } as const
  const branches = branchQueries(from, workspaceId, { ...filtering, order })
  const [only] = branches.length === 1 ? branches : []
  return (
    only ??
    together(
      from,
      branches.map(branch => branch.limit(limit)),
    )
  ).limit(limit)
}

/** No bound: the rows are within the page already. */
export const inOrder = ({ limit, backward }: PageBounds & Backward) => ({
  limit,
  backward,
  after: null,
  before: null,
})

/**
 * A page of the matching conversations of a workspace. Each branch gives its own page, in the order of an index, and
 * PostgreSQL merges them. (It would sort all rows of a branch that had no order of its own.) With a `keptSize` each branch
 * has so many rows at most, and the page is cut out of them.
 */
export function listed(
  from: From,
  workspaceId: string,
  filtering: Filtering,
  page: PageBounds & Backward,
  keptSize: number | null = null,
): Conversations {
  const sort = sortOf(filtering.order)
  const branches = branchQueries(from, workspaceId, filtering).map(branch => {
    const rows = paged(branch, sort, page)
    return keptSize === null ? rows : rows.limit(sql.lit(keptSize))
  })
  const [only] = branches.length === 1 && keptSize === null ? branches : []
  return only ?? paged(together(from, branches), sort, inOrder(page))
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
  const keptSize = keptSizeOf(parts, { order, parent: null, limit: values.page.limit })
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
  const keptSize = keptSizeOf(parts, { order, parent, limit: values.page.limit })
  const shape = { filter: parts.shape, order, along, backward: page.backward, keptSize, parent }
  return inTime(filter, () => ofParents(reader, values, shape))
}
