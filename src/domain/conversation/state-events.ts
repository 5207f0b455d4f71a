import type { NewEvent } from '../event/types.ts'
import type { Conversation } from './rows.ts'

/** The events for a change of a conversation's status, assignee and read state, in the order of the log. */
export function stateEvents(before: Conversation, after: Conversation): NewEvent[] {
  const events: NewEvent[] = []
  if (before.status !== after.status)
    events.push({
      type: 'CONVERSATION_STATUS_CHANGED',
      conversation: after,
      data: { previousStatus: before.status, status: after.status },
    })
  if (before.assignedToId !== after.assignedToId)
    events.push({
      type: 'CONVERSATION_ASSIGNED',
      conversation: after,
      data: { previousAssignedToId: before.assignedToId, assignedToId: after.assignedToId },
    })
  if (before.isUnread !== after.isUnread)
    events.push({
      type: 'CONVERSATION_READ_STATE_CHANGED',
      conversation: after,
      data: { isUnread: after.isUnread },
    })
  return events
}
