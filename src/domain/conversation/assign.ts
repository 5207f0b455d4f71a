import { requireAgent } from '../agent/rows.ts'
import type { Changed, Operation } from '../operation.ts'
import { type ConversationResult, changeState } from './change-state.ts'

/**
 * Assigns a conversation to an agent of the workspace; null unassigns it. Assigning the current assignee is a no-op.
 * @throws Refusal NOT_FOUND, for the conversation before the agent
 */
export async function assignConversation(
  operation: Operation,
  { conversationId, agentId }: { conversationId: string; agentId: string | null },
): Promise<Changed<ConversationResult>> {
  const { workspaceId } = operation.actor
  return changeState(operation, conversationId, async (writer, before) => {
    if (before.assignedToId === agentId) return null
    if (agentId !== null) await requireAgent(writer, workspaceId, agentId, 'agentId')
    return { assignedToId: agentId }
  })
}
