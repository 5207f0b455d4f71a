import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { Tables } from '../../db/db.ts'
import type { Choice, FilterShape, FilterValues } from './filter.ts'
import type { Status } from './rows.ts'

/** The parent of a nested list of conversations: their contact, or the agent they are assigned to. */
export type Parent = 'contact' | 'agent'

/** The time that a list is sorted by, and its direction. */
export type ConversationOrder = { by: 'lastMessageAt' | 'createdAt'; descending: boolean }

type Builder = ExpressionBuilder<Tables, 'conversation'>
export type Condition = (eb: Builder) => Expression<SqlBool>

/** No agent is the empty text in the index conversation_of_agent, so that an index gives the order of unassigned ones. */
export const agentId = sql<string>`coalesce(assigned_to_id, '')`

/** What a list is filtered by. `parent`: it is compared by the caller. */
export type Filtering = {
  shape: FilterShape
  values: FilterValues
  order: ConversationOrder
  parent: Parent | null
}

/** All conditions of a filter, where the order of the list does not matter. */
export function conditionsOf({ shape, values }: Pick<Filtering, 'shape' | 'values'>): Condition[] {
  const choices = [
    ['contact_id', values.contactId],
    [agentId, values.assignedToId],
    ['channel_id', values.channelId],
    ['source', values.source],
  ] as const
  const among = choices.flatMap(([column, choice]) => chosen(column, choice)).map(anyOf)
  return [...ranges(values), ...assigned(shape), ...unread(values), inStatuses(shape.statuses), ...among]
}

const anyOf =
  (conditions: Condition[]): Condition =>
  eb =>
    eb.or(conditions.map(condition => condition(eb)))

/**
 * The branches of a filter: conditions of which one set must hold as a whole. In each branch whatever may have several
 * values has one of them, so an index gives its rows in the order of the list, and PostgreSQL merges the branches in
 * that order. No row is in two branches.
 */
export function branchesOf(filtering: Filtering): Condition[][] {
  const { shape, values, parent } = filtering
  const { contactId, assignedToId, channelId, source } = values
  const common = [...ranges(values), ...assigned(shape), ...unread(values)]
  const choices = [
    ...chosen(agentId, assignedToId),
    ...chosen('channel_id', channelId),
    ...chosen('source', source),
  ]
  const isKeyed = choices.length > 0 || shape.isAssigned === false || parent === 'agent'
  const ofStatus =
    contactId || parent === 'contact' ? [[inStatuses(shape.statuses)]] : statusBranches(filtering, isKeyed)
  const contacts = chosen('contact_id', contactId)
  return product([...contacts, ...choices, ...ofStatus]).map(branch => [...common, ...branch])
}

function chosen(column: string | Expression<string>, choice: Choice | null): Condition[][] {
  if (choice === null) return []
  const compared = typeof column === 'string' ? sql.ref(column) : column
  if ('any' in choice) return [[() => sql<SqlBool>`${compared} = any(${choice.any})`]]
  return [Object.values(choice).map(value => () => sql<SqlBool>`${compared} = ${value}`)]
}

/** The index of a list by nothing but the status also tells the unread from the read. */
function statusBranches({ shape, values, order }: Filtering, isKeyed: boolean): Condition[][] {
  const isSplit = !isKeyed && order.by === 'lastMessageAt' && values.isUnread === null
  if (isSplit && isInbox(shape.statuses)) return [[inStatuses(shape.statuses)]]
  const byStatus = shape.statuses.map(
    (status): Condition =>
      eb =>
        eb('status', '=', status),
  )
  const both: Condition[] = [true, false].map(value => eb => eb('is_unread', '=', sql.lit(value)))
  return isSplit ? [byStatus, both] : [byStatus]
}

const isInbox = (statuses: readonly Status[]) => statuses.length === 2 && !statuses.includes('ARCHIVED')

/** The inbox's two statuses are compared as in the index conversation_inbox. */
function inStatuses(statuses: readonly Status[]): Condition {
  if (statuses.length === 3) return () => sql`true`
  if (isInbox(statuses)) return () => sql`status <> 'ARCHIVED'`
  return eb => eb('status', 'in', statuses)
}

const unread = ({ isUnread }: FilterValues): Condition[] =>
  isUnread === null ? [] : [eb => eb('is_unread', '=', isUnread)]

const assigned = ({ isAssigned }: FilterShape): Condition[] =>
  isAssigned === null ? [] : [eb => eb(agentId, isAssigned ? '>' : '=', sql.lit(''))]

function ranges({ lastMessageAt, createdAt }: FilterValues): Condition[] {
  const conditions: Condition[] = []
  for (const [column, range] of [
    ['last_message_at', lastMessageAt],
    ['created_at', createdAt],
  ] as const) {
    const { from, before } = range ?? { from: null, before: null }
    if (from) conditions.push(eb => eb(column, '>=', from))
    if (before) conditions.push(eb => eb(column, '<', before))
  }
  return conditions
}

/** Each way to take one condition of every list. */
function product(lists: readonly Condition[][]): Condition[][] {
  return lists.reduce<Condition[][]>(
    (sets, list) => sets.flatMap(set => list.map(condition => [...set, condition])),
    [[]],
  )
}
