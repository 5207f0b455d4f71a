import type { Changed, Operation } from '../operation.ts'
import { type ConversationResult, changeState } from './change-state.ts'
import type { Status } from './rows.ts'

/**
 * Sets a conversation's status. Every transition is allowed. Setting the current status is a no-op.
 * @throws Refusal NOT_FOUND
 */
export async function setConversationStatus(
  operation: Operation,
  { conversationId, status }: { conversationId: string; status: Status },
): Promise<Changed<ConversationResult>> {
  return changeState(operation, conversationId, (_, before) => (before.status === status ? null : { status }))
}
