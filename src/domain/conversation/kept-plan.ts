import type { ConversationOrder, Parent } from './branches.ts'
import type { ConversationFilter, FilterShape, FilterValues } from './filter.ts'

/** Few sizes make few statements. Each is one row more than a page of 10, 20, 25, 50 and 100. */
const sizes = [11, 21, 26, 51, 101]

/**
 * How many rows a statement of a list may count on, so that PostgreSQL keeps its plan; null: it is planned each time.
 * Planning takes longer than the list itself. A plan is kept only if it seems to cost no more than one for the values at
 * hand, and with a size that is a parameter it never seems to.
 *
 * It is for lists that an index gives in their order, whatever the values are. Other filters need a plan for their values:
 * a kept one read 60,000 conversations for the unread ones of a channel without any.
 */
export function keptSizeOf(
  { shape, values }: { shape: FilterShape; values: FilterValues },
  { filter, order, parent }: { filter: ConversationFilter; order: ConversationOrder; parent: Parent | null },
  limit: number,
): number | null {
  const { source, assignedToId, contactId, channelId, isUnread } = values
  const choices = [source, assignedToId, contactId, channelId].filter(choice => choice !== null)
  const keyed = choices.length + (shape.isAssigned === false ? 1 : 0) + (parent ? 1 : 0)
  // The indexes of creation have nothing but the status.
  const most = order.by === 'lastMessageAt' ? 1 : 0
  const hasIndex = isUnread === null ? keyed <= most : keyed < most
  const otherTime = order.by === 'lastMessageAt' ? filter.createdAt : filter.lastMessageAt
  const isPlain = shape.isAssigned !== true && otherTime === null
  if (!hasIndex || !isPlain || choices.some(choice => 'any' in choice)) return null
  return sizes.find(size => limit <= size) ?? null
}
