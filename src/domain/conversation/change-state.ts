import type { Writer } from '../../db/db.ts'
import { type Changed, change, type Operation } from '../operation.ts'
import { type Conversation, type ConversationUpdate, lockConversation, updateConversation } from './rows.ts'
import { stateFacts } from './state-facts.ts'

/** The result of a change of a conversation's state: the current conversation, changed or not. */
export type ConversationResult = { conversation: Conversation }

/**
 * Changes the state of one conversation. `decide` is called while the conversation is locked. If it returns null, or an
 * update without effect, nothing is recorded.
 * @param prepare called before the conversation is locked
 * @throws Refusal NOT_FOUND; what `decide` throws
 */
export async function changeState(
  operation: Operation,
  conversationId: string,
  decide: (
    writer: Writer,
    before: Conversation,
  ) => Promise<ConversationUpdate | null> | ConversationUpdate | null,
  prepare?: (writer: Writer) => Promise<void>,
): Promise<Changed<ConversationResult>> {
  const { workspaceId, id: actorId } = operation.actor
  return change(operation, workspaceId, async writer => {
    await prepare?.(writer)
    const { conversation: before, at } = await lockConversation(writer, workspaceId, conversationId)
    const update = await decide(writer, before)
    if (update === null) return { result: { conversation: before }, facts: null }
    const conversation = await updateConversation(writer, workspaceId, before, at, update)
    const facts = stateFacts({ actorId, at }, [before], new Map([[conversation.id, conversation]]))
    return { result: { conversation }, facts }
  })
}
