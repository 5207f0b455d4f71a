import { z } from 'zod'
import { idempotencyKey, parse, prose } from '../input.ts'
import { keyed, once, type Said } from '../message/once.ts'
import { insertMessage, outbound } from '../message/rows.ts'
import { change, type Operation } from '../operation.ts'
import { countChange } from '../workspace/counts.ts'
import { stateEvents } from './changes.ts'
import { lockConversation, updateConversation } from './rows.ts'

const Input = z.object({ conversationId: z.string(), contentText: prose(100_000), idempotencyKey })

/**
 * Answers a conversation's contact. In a conversation of mail or a form it is queued for mail in the same transaction;
 * elsewhere it is SENT at once, as the subscribers of the other channels deliver it. The conversation becomes read and
 * keeps its status.
 *
 * @throws Refusal INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_MISMATCH
 */
export async function replyToConversation(
  operation: Operation,
  input: z.input<typeof Input>,
): Promise<Said & { replayed: boolean }> {
  const { idempotencyKey: key, ...asked } = parse(Input, input)
  const { workspaceId, id: actorId } = operation.actor
  return change(operation, workspaceId, (writer, record) =>
    once(writer, workspaceId, [keyed('replyToConversation', key, asked)], async () => {
      const { conversation: before, at } = await lockConversation(writer, workspaceId, asked.conversationId)
      const message = await insertMessage(writer, {
        ...outbound(before.source, at),
        workspace_id: workspaceId,
        conversation_id: before.id,
        text: asked.contentText,
        author_id: actorId,
        created_at: at,
      })
      const conversation = await updateConversation(writer, workspaceId, before.id, at, {
        is_unread: false,
        last_message_at: at,
        last_message_preview: message.preview,
      })
      const cursor = await record({
        actorId,
        at,
        events: [
          { type: 'MESSAGE_ADDED', conversation, data: { messageId: message.id } },
          ...stateEvents(before, conversation),
        ],
        counts: countChange(before, conversation),
      })
      return { conversation, message, cursor }
    }),
  )
}
