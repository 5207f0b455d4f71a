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

/** The filter as conditions that must all hold. */
export function conditions(eb: ExpressionBuilder<Tables, 'conversation'>, filter: ConversationFilter) {
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
 * Written so that an index can give the list's order. A single status is compared by equality. The inbox's two statuses
 * are compared as "not ARCHIVED", as in the index conversation_inbox. Any other choice is rare.
 */
function inStatus(eb: ExpressionBuilder<Tables, 'conversation'>, statuses: readonly Status[] | null) {
  const chosen = [...new Set(statuses)]
  if (statuses === null || chosen.length === 3) return null
  if (chosen.length === 1) return eb('status', '=', chosen[0] ?? 'OPEN')
  if (chosen.length === 2 && !chosen.includes('ARCHIVED')) return sql<boolean>`status <> 'ARCHIVED'`
  return eb('status', '=', eb.fn.any(eb.val(chosen)))
}

/** Drops texts that cannot be ids: they match nothing and never reach the database. */
const idsOf = (noun: Noun, ids: readonly string[] | null) => ids?.filter(id => isId(noun, id)) ?? null
