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

export const statuses: readonly Status[] = ['OPEN', 'CLOSED', 'ARCHIVED']

/** Several values: each by its place, so that the list of each can be read by itself; or too many for that. */
export type Choice = { readonly [place: number]: string } | { any: readonly string[] }

/** What a filter decides of the text of a statement. */
export type FilterShape = { statuses: readonly Status[]; isAssigned: boolean | null }

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

/** A filter in the two parts of a reusable statement, without its search; null: it matches nothing. */
export function partsOf(filter: ConversationFilter): { shape: FilterShape; values: FilterValues } | null {
  const { isAssigned, isUnread } = filter
  const chosen = {
    source: filter.source && [...new Set(filter.source)],
    assignedToId: idsOf('agent', filter.assignedToId),
    contactId: idsOf('contact', filter.contactId),
    channelId: idsOf('channel', filter.channelId),
  }
  const status = statuses.filter(each => filter.status?.includes(each) ?? true)
  if ([status, ...Object.values(chosen)].some(values => values?.length === 0)) return null
  return {
    shape: { statuses: status, isAssigned },
    values: { ...choicesOf(chosen, maxBranches / status.length), isUnread, ...rangesOf(filter) },
  }
}

/** Drops texts that cannot be ids: they match nothing and never reach the database. */
const idsOf = (noun: Noun, ids: readonly string[] | null) =>
  ids && [...new Set(ids)].filter(id => isId(noun, id))

/** A list is merged of so many lists at most. Beyond that, merging costs more than it saves. */
const maxBranches = 12

type Chosen = Record<'source' | 'assignedToId' | 'contactId' | 'channelId', readonly string[] | null>

function choicesOf(chosen: Chosen, room: number): Record<keyof Chosen, Choice | null> {
  let left = room
  const choiceOf = (values: readonly string[] | null): Choice | null => {
    if (values === null) return null
    if (values.length > left) return { any: values }
    left /= values.length
    return { ...values }
  }
  return {
    contactId: choiceOf(chosen.contactId),
    assignedToId: choiceOf(chosen.assignedToId),
    channelId: choiceOf(chosen.channelId),
    source: choiceOf(chosen.source),
  }
}

/** A conversation's last message is never older than the conversation, so each range bounds the other one too. */
function rangesOf({ lastMessageAt, createdAt }: Pick<ConversationFilter, 'lastMessageAt' | 'createdAt'>) {
  const from = latest(lastMessageAt?.from, createdAt?.from)
  const before = earliest(createdAt?.before, lastMessageAt?.before)
  return {
    lastMessageAt: rangeOf(from, lastMessageAt?.before ?? null),
    createdAt: rangeOf(createdAt?.from ?? null, before),
  }
}

type Bound = Date | null | undefined

const rangeOf = (from: Date | null, before: Date | null): TimeRange | null =>
  from === null && before === null ? null : { from, before }

const latest = (a: Bound, b: Bound): Date | null => (a && b ? (a > b ? a : b) : (a ?? b ?? null))
const earliest = (a: Bound, b: Bound): Date | null => (a && b ? (a < b ? a : b) : (a ?? b ?? null))
