import type { Changed, Operation } from '../operation.ts'
import { type ConversationResult, changeState } from './change-state.ts'

/**
 * Marks a conversation as read or unread. Setting the current state is a no-op.
 * @throws Refusal NOT_FOUND
 */
export async function setConversationUnread(
  operation: Operation,
  { conversationId, isUnread }: { conversationId: string; isUnread: boolean },
): Promise<Changed<ConversationResult>> {
  return changeState(operation, conversationId, (_, before) =>
    before.isUnread === isUnread ? null : { isUnread },
  )
}
