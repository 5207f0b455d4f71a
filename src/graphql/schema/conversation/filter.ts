import type { ConversationOrder as Order } from '../../../domain/conversation/branches.ts'
import type { ConversationFilter, TimeRange } from '../../../domain/conversation/filter.ts'
import type { Status } from '../../../domain/conversation/rows.ts'
import { refusal } from '../../../domain/errors.ts'
import { defaultMaxListValues, type Limits } from '../../../domain/limits.ts'
import { builder } from '../builder.ts'
import { ConversationSource, ConversationStatus } from '../enums.ts'
import { searchDescription } from '../searched.ts'

const OrderDirection = builder.enumType('OrderDirection', {
  description: 'The direction of a sort order.',
  values: { ASC: { description: 'Oldest first.' }, DESC: { description: 'Newest first.' } },
})

const ConversationOrderField = builder.enumType('ConversationOrderField', {
  description: 'The time to sort conversations by. Equal times are sorted by id, in the same direction.',
  values: {
    LAST_MESSAGE_AT: { description: 'The time of the last message, as in an inbox. Notes do not count.' },
    CREATED_AT: {
      description: 'The creation time. It never changes, so conversations do not move while you page.',
    },
  },
})

export const ConversationOrder = builder.inputType('ConversationOrder', {
  description: 'The sort order of a list of conversations. Default: last message, newest first.',
  fields: t => ({
    field: t.field({ type: ConversationOrderField, required: true, description: 'The time to sort by.' }),
    direction: t.field({ type: OrderDirection, required: true, description: 'The direction to sort in.' }),
  }),
})

const DateTimeRange = builder.inputType('DateTimeRange', {
  description:
    'Times at or after `from` and before `before`. A bound that is null or left out does not limit the range.',
  fields: t => ({
    from: t.field({ type: 'DateTime', description: 'The inclusive lower bound.' }),
    before: t.field({ type: 'DateTime', description: 'The exclusive upper bound.' }),
  }),
})

export const Filter = builder.inputType('ConversationFilter', {
  description: `All given fields must match; within a list, one matching value is enough. A field that is null or left out does not filter, except \`status\`; \`[]\` matches nothing.
Unknown ids and ids of another workspace match nothing. A list has at most ${defaultMaxListValues} values by default; the server may set another maximum. INVALID_INPUT if it has more.`,
  fields: t => ({
    status: t.field({
      type: [ConversationStatus],
      description:
        'If null or left out: OPEN and CLOSED in `Query.conversations` and `Agent.conversations`, all statuses in `Contact.conversations`. Other filters do not change this default.',
    }),
    source: t.field({ type: [ConversationSource], description: 'Conversations from one of these sources.' }),
    assignedToId: t.idList({ description: 'Assigned to one of these agents.' }),
    isAssigned: t.boolean({ description: '`true`: assigned conversations. `false`: unassigned ones.' }),
    isUnread: t.boolean({ description: '`true`: unread conversations. `false`: read ones.' }),
    contactId: t.idList({ description: 'With one of these contacts.' }),
    channelId: t.idList({ description: 'Through one of these channels.' }),
    lastMessageAt: t.field({
      type: DateTimeRange,
      description: 'The time of the last message. Notes do not count.',
    }),
    createdAt: t.field({ type: DateTimeRange, description: 'The creation time.' }),
    search: t.string({
      description: `Has all of these words, anywhere in its subject, its messages and notes, or its contact's name and address. ${searchDescription}`,
    }),
  }),
})

/** The filter of an argument; `statuses` is used if it has no status. @throws Refusal INVALID_INPUT */
export function filterOf(
  { limits: { maxListValues } }: { limits: Pick<Limits, 'maxListValues'> },
  filter: typeof Filter.$inferInput,
  statuses: readonly Status[] | null,
): ConversationFilter {
  for (const [name, values] of Object.entries(filter))
    if (Array.isArray(values) && values.length > maxListValues)
      throw refusal('INVALID_INPUT', `${name} must have at most ${maxListValues} values.`, 'filter', name)
  const range = (given: typeof DateTimeRange.$inferInput | null | undefined): TimeRange | null =>
    given ? { from: given.from ?? null, before: given.before ?? null } : null
  return {
    status: filter.status ?? statuses,
    source: filter.source ?? null,
    assignedToId: filter.assignedToId ?? null,
    isAssigned: filter.isAssigned ?? null,
    isUnread: filter.isUnread ?? null,
    contactId: filter.contactId ?? null,
    channelId: filter.channelId ?? null,
    lastMessageAt: range(filter.lastMessageAt),
    createdAt: range(filter.createdAt),
  }
}

const orders = { LAST_MESSAGE_AT: 'lastMessageAt', CREATED_AT: 'createdAt' } as const

/** The order of an argument. Default: last message, newest first. */
export function orderOf(orderBy: typeof ConversationOrder.$inferInput | null | undefined): Order {
  const { field, direction } = orderBy ?? { field: 'LAST_MESSAGE_AT', direction: 'DESC' }
  return { by: orders[field], descending: direction === 'DESC' }
}
