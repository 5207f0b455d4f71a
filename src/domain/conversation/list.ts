import { sql } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { oneOf } from '../../db/one-of.ts'
import { type Page, paged, type Sort } from '../page.ts'
import { type Along, readAlong } from './along.ts'
import { type ConversationFilter, conditions } from './filter.ts'
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

/** One page of a workspace's conversations. */
export async function conversationPage(
  reader: Reader,
  workspaceId: string,
  {
    filter,
    order,
    page,
    along,
  }: { filter: ConversationFilter; order: ConversationOrder; page: Page; along: Along },
): Promise<ConversationAlong[]> {
  const matching = reader
    .selectFrom('conversation')
    .select(columns)
    .where('workspace_id', '=', workspaceId)
    .where(eb => eb.and(conditions(eb, filter)))
  return readAlong(paged(matching, sortOf(order), page), along).execute()
}

/**
 * The same page of each parent's conversations, in one statement. Within each parent rows are in the order of `paged`.
 */
export async function conversationPages(
  reader: Reader,
  workspaceId: string,
  parents: readonly string[],
  {
    parent,
    filter,
    order,
    page,
    along,
  }: { parent: Parent; filter: ConversationFilter; order: ConversationOrder; page: Page; along: Along },
): Promise<ConversationAlong[]> {
  return reader
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
              .where(inner => inner.and(conditions(inner, filter))),
            sortOf(order),
            page,
          ),
          along,
        ).as('conversation'),
      join => join.onTrue(),
    )
    .selectAll('conversation')
    .execute()
}

/** How many conversations of a workspace match. */
export async function countConversations(
  reader: Reader,
  workspaceId: string,
  filter: ConversationFilter,
): Promise<number> {
  const { total } = await reader
    .selectFrom('conversation')
    .select(eb => eb.fn.countAll<number>().as('total'))
    .where('workspace_id', '=', workspaceId)
    .where(eb => eb.and(conditions(eb, filter)))
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
  const rows = await reader
    .selectFrom('conversation')
    .select(eb => [eb.ref(column).as('id'), eb.fn.countAll<number>().as('total')])
    .where('workspace_id', '=', workspaceId)
    .where(oneOf(column, parents))
    .where(eb => eb.and(conditions(eb, filter)))
    .groupBy(column)
    .execute()
  return new Map(rows.map(row => [row.id ?? '', row.total]))
}
