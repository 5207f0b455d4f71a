import { type ExpressionBuilder, type SelectQueryBuilder, sql } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { type Backward, boundsOf, type Page, type PageBounds, paged, type Sort } from '../page.ts'
import { type Along, readAlong } from './along.ts'
import { agentId, branchesOf, type ConversationOrder, type Filtering, type Parent } from './branches.ts'
import { type ConversationFilter, type FilterShape, type FilterValues, partsOf } from './filter.ts'
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

type PageShape = Backward & { filter: FilterShape; order: ConversationOrder; along: Along }
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

/** The matching conversations of a workspace, as one table: the branches of the filter, one after the other. */
export function matching(from: From, workspaceId: string, filtering: Filtering): Conversations {
  const [first, ...others] = branchesOf(filtering).map(conditions => {
    const branch = (from as Reader)
      .selectFrom('conversation')
      .where('conversation.workspace_id', '=', workspaceId)
      .where(eb => eb.and(conditions.map(condition => condition(eb))))
    if (filtering.parent === 'contact') return branch.whereRef('contact_id', '=', sql.ref('parent.id'))
    return filtering.parent === 'agent' ? branch.where(agentId, '=', sql.ref<string>('parent.id')) : branch
  })
  if (!first) throw new Error('A filter has at least one branch.')
  if (others.length === 0) return first
  const all = others.reduce((union, branch) => union.unionAll(branch.selectAll()), first.selectAll())
  return (from as Reader).selectFrom(all.as('conversation')) as unknown as Conversations
}

const ofWorkspace = reusable(
  (
    reader,
    { workspaceId, filter: values, page }: PageValues,
    { order, along, filter, backward }: PageShape,
  ) => {
    const rows = matching(reader, workspaceId, { shape: filter, values, order, parent: null })
    return readAlong(paged(rows.select(columns), sortOf(order), { ...page, backward }), along)
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
  const shape = { filter: parts.shape, order, along, backward: page.backward }
  return inTime(filter, () => ofWorkspace(reader, values, shape))
}

type PagesValues = PageValues & { parents: readonly string[] }

const ofParents = reusable(
  (
    reader,
    { workspaceId, parents, filter: values, page }: PagesValues,
    { parent, order, along, filter, backward }: PageShape & { parent: Parent },
  ) =>
    reader
      .selectFrom(sql<{ id: string }>`unnest(${parents}::text[])`.as<'parent'>(sql`parent(id)`))
      .innerJoinLateral(
        eb => {
          const rows = matching(eb, workspaceId, { shape: filter, values, order, parent })
          return readAlong(paged(rows.select(columns), sortOf(order), { ...page, backward }), along).as(
            'conversation',
          )
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
  const values = { workspaceId, parents, filter: parts.values, page: boundsOf(page) }
  const shape = { filter: parts.shape, order, along, backward: page.backward, parent }
  return inTime(filter, () => ofParents(reader, values, shape))
}
