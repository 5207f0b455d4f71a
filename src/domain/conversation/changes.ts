import type { NewEvent } from '../event.ts'
import type { Conversation } from './rows.ts'

/** The events of what a change did to a conversation's status and read state; none where it did nothing. */
export function stateEvents(before: Conversation, after: Conversation): NewEvent[] {
  const events: NewEvent[] = []
  if (before.status !== after.status)
    events.push({
      type: 'CONVERSATION_STATUS_CHANGED',
      conversation: after,
      data: { previousStatus: before.status, status: after.status },
    })
  if (before.isUnread !== after.isUnread)
    events.push({
      type: 'CONVERSATION_READ_STATE_CHANGED',
      conversation: after,
      data: { isUnread: after.isUnread },
    })
  return events
}
