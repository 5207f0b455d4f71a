import { change, type Operation } from '../operation.ts'
import { countChange } from '../workspace/counts.ts'
import { type Conversation, lockConversation, updateConversation } from './rows.ts'

/**
 * Marks a conversation as read or unread. The state it has already changes nothing.
 * @throws Refusal NOT_FOUND
 */
export async function setConversationUnread(
  operation: Operation,
  { conversationId, isUnread }: { conversationId: string; isUnread: boolean },
): Promise<{ conversation: Conversation; cursor: string | null }> {
  const { workspaceId, id: actorId } = operation.actor
  return change(operation, workspaceId, async (writer, record) => {
    const { conversation: before, at } = await lockConversation(writer, workspaceId, conversationId)
    if (before.isUnread === isUnread) return { conversation: before, cursor: null }
    const conversation = await updateConversation(writer, workspaceId, conversationId, at, {
      is_unread: isUnread,
    })
    const cursor = await record({
      actorId,
      at,
      events: [{ type: 'CONVERSATION_READ_STATE_CHANGED', conversation, data: { isUnread } }],
      counts: countChange(before, conversation),
    })
    return { conversation, cursor }
  })
}
