import { type ExpressionBuilder, sql } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { isId, type Noun } from '../id.ts'
import { type Page, paged, type Sort } from '../page.ts'
import { type Conversation, columns, type Status } from './rows.ts'

/** At or after `from`, strictly before `before`; null: open on that side. */
export type TimeRange = { from: Date | null; before: Date | null }

/** All that is not null must hold; within a list any value matches, and an empty list matches nothing. */
export type ConversationFilter = {
  status: readonly Status[] | null
  source: readonly Conversation['source'][] | null
  assignedToId: readonly string[] | null
  isAssigned: boolean | null
  isUnread: boolean | null
  contactId: readonly string[] | null
  channelId: readonly string[] | null
  lastMessageAt: TimeRange | null
  createdAt: TimeRange | null
}

/** What a list of conversations can be the list of. */
export type Parent = 'contact_id' | 'assigned_to_id'

export type ConversationSort = Sort & { column: 'last_message_at' | 'created_at' }

/** One page of a workspace's conversations. */
export async function conversationPage(
  reader: Reader,
  workspaceId: string,
  { filter, sort, page }: { filter: ConversationFilter; sort: ConversationSort; page: Page },
): Promise<Conversation[]> {
  const matching = reader
    .selectFrom('conversation')
    .select(columns)
    .where('workspace_id', '=', workspaceId)
    .where(eb => eb.and(conditions(eb, filter)))
  return paged(matching, sort, page).execute()
}

/** The same page of each parent's conversations, in one statement; rows come in page order within each parent. */
export async function conversationPages(
  reader: Reader,
  workspaceId: string,
  parents: readonly string[],
  {
    parent,
    filter,
    sort,
    page,
  }: { parent: Parent; filter: ConversationFilter; sort: ConversationSort; page: Page },
): Promise<Conversation[]> {
  return reader
    .selectFrom(sql<{ id: string }>`unnest(${parents}::text[])`.as<'parent'>(sql`parent(id)`))
    .innerJoinLateral(
      eb =>
        paged(
          eb
            .selectFrom('conversation')
            .select(columns)
            .where('workspace_id', '=', workspaceId)
            .whereRef(parent, '=', sql.ref('parent.id'))
            .where(inner => inner.and(conditions(inner, filter))),
          sort,
          page,
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
  const rows = await reader
    .selectFrom('conversation')
    .select(eb => [eb.ref(parent).as('id'), eb.fn.countAll<number>().as('total')])
    .where('workspace_id', '=', workspaceId)
    .where(parent, 'in', parents)
    .where(eb => eb.and(conditions(eb, filter)))
    .groupBy(parent)
    .execute()
  return new Map(rows.map(row => [row.id ?? '', row.total]))
}

function conditions(eb: ExpressionBuilder<Tables, 'conversation'>, filter: ConversationFilter) {
  const within = (column: 'last_message_at' | 'created_at', range: TimeRange | null) => [
    range?.from ? eb(column, '>=', range.from) : null,
    range?.before ? eb(column, '<', range.before) : null,
  ]
  const any = (
    column: 'source' | 'assigned_to_id' | 'contact_id' | 'channel_id',
    values: readonly string[] | null,
  ) =>
    values &&
    (values.length === 1 ? eb(column, '=', values[0] ?? '') : eb(column, '=', eb.fn.any(eb.val(values))))
  return [
    inStatus(eb, filter.status),
    any('source', filter.source),
    any('assigned_to_id', idsOf('agent', filter.assignedToId)),
    any('contact_id', idsOf('contact', filter.contactId)),
    any('channel_id', idsOf('channel', filter.channelId)),
    filter.isAssigned === null ? null : eb('assigned_to_id', filter.isAssigned ? 'is not' : 'is', null),
    filter.isUnread === null ? null : eb('is_unread', '=', filter.isUnread),
    ...within('last_message_at', filter.lastMessageAt),
    ...within('created_at', filter.createdAt),
  ].filter(condition => condition !== null)
}

/**
 * Worded so that an index keeps the list's order: one status by equality, the inbox's two by what they leave out, which
 * is what the index conversation_inbox holds. Any other choice is rare.
 */
function inStatus(eb: ExpressionBuilder<Tables, 'conversation'>, statuses: readonly Status[] | null) {
  const chosen = [...new Set(statuses)]
  if (statuses === null || chosen.length === 3) return null
  if (chosen.length === 1) return eb('status', '=', chosen[0] ?? 'OPEN')
  if (chosen.length === 2 && !chosen.includes('ARCHIVED')) return sql<boolean>`status <> 'ARCHIVED'`
  return eb('status', '=', eb.fn.any(eb.val(chosen)))
}

/** What cannot be an id matches nothing, and never reaches the database. */
const idsOf = (noun: Noun, ids: readonly string[] | null) => ids?.filter(id => isId(noun, id)) ?? null
