import { z } from 'zod'
import { clientKey } from '../idempotency/key.ts'
import { idempotencyKey, messageText, parse } from '../input.ts'
import { insertMessage, outbound } from '../message/insert.ts'
import { type Changed, change, type Operation } from '../operation.ts'
import { countChange } from '../workspace/counts.ts'
import { type MessageResult, repeatableBy } from './message-result.ts'
import { lockConversation, updateConversation } from './rows.ts'
import { stateEvents } from './state-events.ts'

const Input = z.object({ conversationId: z.string(), contentText: messageText, idempotencyKey })

/**
 * Replies to a conversation's contact. In EMAIL and FORM conversations the message is queued for mail in the same
 * transaction. In others it is SENT at once, because subscribers of those channels deliver it. The conversation becomes
 * read and keeps its status.
 *
 * @throws Refusal INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_MISMATCH
 */
export async function replyToConversation(
  operation: Operation,
  input: z.input<typeof Input>,
): Promise<Changed<MessageResult>> {
  const { idempotencyKey: key, ...given } = parse(Input, input)
  const { workspaceId, id: actorId } = operation.actor
  return change(
    operation,
    workspaceId,
    async writer => {
      const { conversation: before, at } = await lockConversation(writer, workspaceId, given.conversationId)
      const message = await insertMessage(writer, workspaceId, {
        ...outbound(before.source, at),
        conversationId: before.id,
        text: given.contentText,
        authorId: actorId,
        createdAt: at,
      })
      const conversation = await updateConversation(writer, workspaceId, before, at, {
        isUnread: false,
        lastMessageAt: at,
        lastMessagePreview: message.preview,
      })
      const events = [
        { type: 'MESSAGE_ADDED', conversation, data: { messageId: message.id } },
        ...stateEvents(before, conversation),
      ] as const
      const counts = countChange(before, conversation)
      return { result: { conversation, message }, facts: { actorId, at, events, counts } }
    },
    repeatableBy(clientKey('replyToConversation', key, given)),
  )
}
