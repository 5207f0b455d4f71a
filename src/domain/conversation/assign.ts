import { requireAgent } from '../agent/rows.ts'
import { change, type Operation } from '../operation.ts'
import { countChange } from '../workspace/counts.ts'
import { type Conversation, lockConversation, updateConversation } from './rows.ts'

/**
 * Gives a conversation to an agent of the workspace; null: to nobody. Whom it has already changes nothing.
 * @throws Refusal NOT_FOUND, for the conversation before the agent
 */
export async function assignConversation(
  operation: Operation,
  { conversationId, agentId }: { conversationId: string; agentId: string | null },
): Promise<{ conversation: Conversation; cursor: string | null }> {
  const { workspaceId, id: actorId } = operation.actor
  return change(operation, workspaceId, async (writer, record) => {
    const { conversation: before, at } = await lockConversation(writer, workspaceId, conversationId)
    if (before.assignedToId === agentId) return { conversation: before, cursor: null }
    if (agentId !== null) await requireAgent(writer, workspaceId, agentId, 'agentId')
    const conversation = await updateConversation(writer, workspaceId, conversationId, at, {
      assigned_to_id: agentId,
    })
    const data = { previousAssignedToId: before.assignedToId, assignedToId: agentId }
    const cursor = await record({
      actorId,
      at,
      events: [{ type: 'CONVERSATION_ASSIGNED', conversation, data }],
      counts: countChange(before, conversation),
    })
    return { conversation, cursor }
  })
}
