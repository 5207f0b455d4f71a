import { z } from 'zod'
import { clientKey } from '../idempotency/key.ts'
import { idempotencyKey, messageText, parse } from '../input.ts'
import { insertNote } from '../message/insert.ts'
import { type Changed, change, type Operation } from '../operation.ts'
import { type MessageResult, repeatableBy } from './message-result.ts'
import { lockConversation, updateConversation } from './rows.ts'

const Input = z.object({ conversationId: z.string(), contentText: messageText, idempotencyKey })

/**
 * Adds a note for the team. It is never sent to the contact. The conversation keeps its preview, its read state and its
 * position in lists.
 *
 * @throws Refusal INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_MISMATCH
 */
export async function addNote(
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
      const message = await insertNote(writer, workspaceId, {
        conversationId: before.id,
        text: given.contentText,
        authorId: actorId,
        createdAt: at,
      })
      const conversation = await updateConversation(writer, workspaceId, before, at, {})
      const data = { messageId: message.id }
      return {
        result: { conversation, message },
        facts: { actorId, at, events: [{ type: 'MESSAGE_ADDED', conversation, data }] },
      }
    },
    repeatableBy(clientKey('addNote', key, given)),
  )
}
