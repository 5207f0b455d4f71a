import { z } from 'zod'
import type { Writer } from '../../db/db.ts'
import { idempotencyKey, parse, prose } from '../input.ts'
import { keyed, once, type Said } from '../message/once.ts'
import { insertMessage, type Message } from '../message/rows.ts'
import { change, type Operation } from '../operation.ts'
import { lockConversation, updateConversation } from './rows.ts'

const Input = z.object({ conversationId: z.string(), contentText: prose(100_000), idempotencyKey })

/**
 * Adds a note for the team. It is never sent to the contact, and changes neither the conversation's preview nor its
 * place in a list nor its read state.
 *
 * @throws Refusal INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_MISMATCH
 */
export async function addNote(
  operation: Operation,
  input: z.input<typeof Input>,
): Promise<Said & { replayed: boolean }> {
  const { idempotencyKey: key, ...asked } = parse(Input, input)
  const { workspaceId, id: actorId } = operation.actor
  return change(operation, workspaceId, (writer, record) =>
    once(writer, workspaceId, [keyed('addNote', key, asked)], async () => {
      const { conversation: before, at } = await lockConversation(writer, workspaceId, asked.conversationId)
      const message = await insertNote(writer, workspaceId, before.id, {
        at,
        text: asked.contentText,
        authorId: actorId,
      })
      const conversation = await updateConversation(writer, workspaceId, before.id, at, {})
      const cursor = await record({
        actorId,
        at,
        events: [{ type: 'MESSAGE_ADDED', conversation, data: { messageId: message.id } }],
      })
      return { conversation, message, cursor }
    }),
  )
}

/** Writes a note into a locked conversation; `authorId` null: it is the gateway's own. */
export async function insertNote(
  writer: Writer,
  workspaceId: string,
  conversationId: string,
  { at, text, authorId }: { at: Date; text: string; authorId: string | null },
): Promise<Message> {
  return insertMessage(writer, {
    workspace_id: workspaceId,
    conversation_id: conversationId,
    direction: 'NOTE',
    status: 'STORED',
    text,
    author_id: authorId,
    created_at: at,
  })
}
