import { sql } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { oneOf } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'
import { type Backward, boundsOf, type Page, type PageBounds, paged, type Sort } from '../page.ts'
import { type Along, readAlong } from './along.ts'
import {
  type ConversationFilter,
  conditions,
  type FilterShape,
  type FilterValues,
  partsOf,
} from './filter.ts'
import { type ConversationAlong, columns } from './rows.ts'

/** The parent of a nested list of conversations: their contact, or the agent they are assigned to. */
export type Parent = 'contact' | 'agent'

/** The time that a list is sorted by, and its direction. */
export type ConversationOrder = { by: 'lastMessageAt' | 'createdAt'; descending: boolean }

const parentColumns = {
  contact: 'contact_id',
  agent: 'assigned_to_id',
} as const satisfies Record<Parent, keyof Tables['conversation']>

const orderColumns = {
  lastMessageAt: 'last_message_at',
  createdAt: 'created_at',
} as const satisfies Record<ConversationOrder['by'], keyof Tables['conversation']>

const sortOf = ({ by, descending }: ConversationOrder): Sort => ({ column: orderColumns[by], descending })

type PageShape = Backward & { filter: FilterShape; order: ConversationOrder; along: Along }
type PageValues = { workspaceId: string; filter: FilterValues; page: PageBounds }

/** What a page of conversations consists of. */
export type ConversationPage = {
  filter: ConversationFilter
  order: ConversationOrder
  page: Page
  along: Along
}

function pagePartsOf({ filter, order, page, along }: ConversationPage) {
  const { shape, values } = partsOf(filter)
  return {
    shape: { filter: shape, order, along, backward: page.backward },
    values: { filter: values, page: boundsOf(page) },
  }
}

const ofWorkspace = reusable(
  (reader, { workspaceId, filter, page }: PageValues, { order, along, ...shape }: PageShape) => {
    const matching = reader
      .selectFrom('conversation')
      .select(columns)
      .where('workspace_id', '=', workspaceId)
      .where(eb => eb.and(conditions(eb, shape.filter, filter)))
    return readAlong(paged(matching, sortOf(order), { ...page, backward: shape.backward }), along)
  },
)

/** One page of a workspace's conversations. */
export async function conversationPage(
  reader: Reader,
  workspaceId: string,
  asked: ConversationPage,
): Promise<ConversationAlong[]> {
  const { shape, values } = pagePartsOf(asked)
  return ofWorkspace(reader, { workspaceId, ...values }, shape)
}

type PagesValues = PageValues & { parents: readonly string[] }

const ofParents = reusable(
  (
    reader,
    { workspaceId, parents, filter, page }: PagesValues,
    { parent, order, along, ...shape }: PageShape & { parent: Parent },
  ) =>
    reader
      .selectFrom(sql<{ id: string }>`unnest(${parents}::text[])`.as<'parent'>(sql`parent(id)`))
      .innerJoinLateral(
        eb =>
          readAlong(
            paged(
              eb
                .selectFrom('conversation')
                .select(columns)
                .where('workspace_id', '=', workspaceId)
                .whereRef(parentColumns[parent], '=', sql.ref('parent.id'))
                .where(inner => inner.and(conditions(inner, shape.filter, filter))),
              sortOf(order),
              { ...page, backward: shape.backward },
            ),
            along,
          ).as('conversation'),
        join => join.onTrue(),
      )
      .selectAll('conversation'),
)

/**
 * The same page of each parent's conversations, in one statement. Within each parent rows are in the order of `paged`.
 */
export async function conversationPages(
  reader: Reader,
  workspaceId: string,
  parents: readonly string[],
  { parent, ...asked }: ConversationPage & { parent: Parent },
): Promise<ConversationAlong[]> {
  const { shape, values } = pagePartsOf(asked)
  return ofParents(reader, { workspaceId, parents, ...values }, { ...shape, parent })
}

/** How many conversations of a workspace match. */
export async function countConversations(
  reader: Reader,
  workspaceId: string,
  filter: ConversationFilter,
): Promise<number> {
  const { shape, values } = partsOf(filter)
  const { total } = await reader
    .selectFrom('conversation')
    .select(eb => eb.fn.countAll<number>().as('total'))
    .where('workspace_id', '=', workspaceId)
    .where(eb => eb.and(conditions(eb, shape, values)))
    .executeTakeFirstOrThrow()
  return total
}

/** How many conversations of each parent match; a parent without any is absent. */
export async function countConversationsOf(
  reader: Reader,
  workspaceId: string,
  parents: readonly string[],
  { parent, filter }: { parent: Parent; filter: ConversationFilter },
): Promise<Map<string, number>> {
  const column = parentColumns[parent]
  const { shape, values } = partsOf(filter)
  const rows = await reader
    .selectFrom('conversation')
    .select(eb => [eb.ref(column).as('id'), eb.fn.countAll<number>().as('total')])
    .where('workspace_id', '=', workspaceId)
    .where(oneOf(column, parents))
    .where(eb => eb.and(conditions(eb, shape, values)))
    .groupBy(column)
    .execute()
  return new Map(rows.map(row => [row.id ?? '', row.total]))
}
