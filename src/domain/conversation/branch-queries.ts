import { type ExpressionBuilder, type SelectQueryBuilder, sql } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { type Backward, type PageBounds, paged, type Sort } from '../page.ts'
import { agentId, branchesOf, type ConversationOrder, type Filtering } from './branches.ts'

const orderColumns = {
  lastMessageAt: 'last_message_at',
  createdAt: 'created_at',
} as const satisfies Record<ConversationOrder['by'], keyof Tables['conversation']>

export const sortOf = ({ by, descending }: ConversationOrder): Sort => ({
  column: orderColumns[by],
  descending,
})

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
