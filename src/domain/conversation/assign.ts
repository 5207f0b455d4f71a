import { type Assignable, lockAgent, requireActive } from '../agent/lock.ts'
import type { Changed, Operation } from '../operation.ts'
import { type ConversationResult, changeState } from './change-state.ts'

/**
 * Assigns a conversation to an agent of the workspace; null unassigns it. Assigning the current assignee is a no-op.
 * @throws Refusal NOT_FOUND, for the conversation before the agent; INVALID_INPUT for an agent that is deactivated
 */
export async function assignConversation(
  operation: Operation,
  { conversationId, agentId }: { conversationId: string; agentId: string | null },
): Promise<Changed<ConversationResult>> {
  let agent: Assignable = null
  return changeState(
    operation,
    conversationId,
    (_, before) => {
      if (before.assignedToId === agentId) return null
      if (agentId !== null) requireActive(agent, 'agentId')
      return { assignedToId: agentId }
    },
    async writer => {
      if (agentId !== null) agent = await lockAgent(writer, operation.actor.workspaceId, agentId)
    },
  )
}
