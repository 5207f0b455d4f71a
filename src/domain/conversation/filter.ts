import { type ExpressionBuilder, sql } from 'kysely'
import type { Tables } from '../../db/db.ts'
import { isId } from '../id.ts'
import type { Noun } from '../nouns.ts'
import type { Conversation, Status } from './rows.ts'

/** At or after `from`, and before `before`; null: no bound on that side. */
export type TimeRange = { from: Date | null; before: Date | null }

/** All conditions that are not null must hold. Within a list any value matches; an empty list matches nothing. */
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

/** One value, which an index can look up in the order of a list, or any of several. */
type Choice = { one: string } | { any: readonly string[] }

/** What a filter decides of the text of a statement. */
export type FilterShape = { statuses: readonly Status[] | null; isAssigned: boolean | null }

/** The values that a filter compares with. */
export type FilterValues = {
  source: Choice | null
  assignedToId: Choice | null
  contactId: Choice | null
  channelId: Choice | null
  isUnread: boolean | null
  lastMessageAt: TimeRange | null
  createdAt: TimeRange | null
}

/** A filter in the two parts of a reusable statement. */
export function partsOf(filter: ConversationFilter): { shape: FilterShape; values: FilterValues } {
  const { status, isAssigned, isUnread, lastMessageAt, createdAt } = filter
  return {
    shape: { statuses: status && [...new Set(status)].sort(), isAssigned },
    values: {
      source: choiceOf(filter.source),
      assignedToId: choiceOf(idsOf('agent', filter.assignedToId)),
      contactId: choiceOf(idsOf('contact', filter.contactId)),
      channelId: choiceOf(idsOf('channel', filter.channelId)),
      isUnread,
      lastMessageAt,
      createdAt,
    },
  }
}

const choiceOf = (values: readonly string[] | null): Choice | null =>
  values && (values.length === 1 ? { one: values[0] ?? '' } : { any: values })

/** Drops texts that cannot be ids: they match nothing and never reach the database. */
const idsOf = (noun: Noun, ids: readonly string[] | null) => ids?.filter(id => isId(noun, id)) ?? null

/** The filter as conditions that must all hold. */
export function conditions(
  eb: ExpressionBuilder<Tables, 'conversation'>,
  { statuses, isAssigned }: FilterShape,
  values: FilterValues,
) {
  const within = (column: 'last_message_at' | 'created_at', range: TimeRange | null) => [
    range?.from ? eb(column, '>=', range.from) : null,
    range?.before ? eb(column, '<', range.before) : null,
  ]
  const chosen = (column: 'source' | 'assigned_to_id' | 'contact_id' | 'channel_id', choice: Choice | null) =>
    choice && ('one' in choice ? eb(column, '=', choice.one) : eb(column, '=', eb.fn.any(eb.val(choice.any))))
  return [
    inStatus(eb, statuses),
    chosen('source', values.source),
    chosen('assigned_to_id', values.assignedToId),
    chosen('contact_id', values.contactId),
    chosen('channel_id', values.channelId),
    isAssigned === null ? null : eb('assigned_to_id', isAssigned ? 'is not' : 'is', null),
    values.isUnread === null ? null : eb('is_unread', '=', values.isUnread),
    ...within('last_message_at', values.lastMessageAt),
    ...within('created_at', values.createdAt),
  ].filter(condition => condition !== null)
}

/**
 * Written so that an index can give the list's order. A single status is compared by equality. The inbox's two statuses
 * are compared as "not ARCHIVED", as in the index conversation_inbox. Any other choice is rare.
 */
function inStatus(eb: ExpressionBuilder<Tables, 'conversation'>, statuses: readonly Status[] | null) {
  if (statuses === null || statuses.length === 3) return null
  if (statuses.length === 1) return eb('status', '=', statuses[0] ?? 'OPEN')
  if (statuses.length === 2 && !statuses.includes('ARCHIVED')) return sql<boolean>`status <> 'ARCHIVED'`
  return eb('status', '=', eb.fn.any(eb.val(statuses)))
}
