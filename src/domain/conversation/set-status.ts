import { change, type Operation } from '../operation.ts'
import { countChange } from '../workspace/counts.ts'
import { type Conversation, lockConversation, type Status, updateConversation } from './rows.ts'

/**
 * Gives a conversation a status; any may follow any other. The status it has already changes nothing.
 * @throws Refusal NOT_FOUND
 */
export async function setConversationStatus(
  operation: Operation,
  { conversationId, status }: { conversationId: string; status: Status },
): Promise<{ conversation: Conversation; cursor: string | null }> {
  const { workspaceId, id: actorId } = operation.actor
  return change(operation, workspaceId, async (writer, record) => {
    const { conversation: before, at } = await lockConversation(writer, workspaceId, conversationId)
    if (before.status === status) return { conversation: before, cursor: null }
    const conversation = await updateConversation(writer, workspaceId, conversationId, at, { status })
    const data = { previousStatus: before.status, status }
    const cursor = await record({
      actorId,
      at,
      events: [{ type: 'CONVERSATION_STATUS_CHANGED', conversation, data }],
      counts: countChange(before, conversation),
    })
    return { conversation, cursor }
  })
}
