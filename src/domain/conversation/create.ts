import { z } from 'zod'
import type { Writer } from '../../db/db.ts'
import { type Channel, defaultEmailChannel, requireChannel } from '../channel/rows.ts'
import { upsertContact } from '../contact/rows.ts'
import { clientKey } from '../idempotency/key.ts'
import { address, idempotencyKey, messageText, name, optionalId, parse, subject } from '../input.ts'
import { outbound } from '../message/insert.ts'
import { type Changed, change, type Operation } from '../operation.ts'
import { countChange } from '../workspace/counts.ts'
import { type MessageResult, repeatableBy } from './message-result.ts'
import { openConversation } from './open.ts'

const Input = z.object({
  email: address,
  name,
  subject,
  contentText: messageText,
  channelId: optionalId,
  idempotencyKey,
})

/**
 * Creates a conversation with a first message to a contact. The contact is created if the address is new. The message
 * is queued for mail in the same transaction: either both exist or neither does.
 *
 * @throws Refusal INVALID_INPUT; NOT_FOUND for the channel; IDEMPOTENCY_MISMATCH
 */
export async function createConversation(
  operation: Operation,
  input: z.input<typeof Input>,
): Promise<Changed<MessageResult>> {
  const { idempotencyKey: key, ...given } = parse(Input, input)
  const { workspaceId, id: actorId } = operation.actor
  return change(
    operation,
    workspaceId,
    async writer => {
      const { email, name, subject, contentText: text, channelId } = given
      const channel = await emailChannel(writer, workspaceId, channelId)
      const { contact, at } = await upsertContact(writer, workspaceId, { email, name })
      const { conversation, message, events } = await openConversation(writer, workspaceId, {
        contact,
        at,
        channelId: channel?.id ?? null,
        source: 'EMAIL',
        subject,
        isUnread: false,
        message: { ...outbound('EMAIL', at), text, authorId: actorId },
      })
      const counts = countChange(null, conversation)
      return { result: { conversation, message, contact }, facts: { actorId, at, events, counts } }
    },
    repeatableBy(clientKey('createConversation', key, given)),
  )
}

/** The channel to send the mail from; null: none is given and the workspace has none. */
function emailChannel(writer: Writer, workspaceId: string, id: string | null): Promise<Channel | null> {
  return id === null
    ? defaultEmailChannel(writer, workspaceId)
    : requireChannel(writer, workspaceId, id, ['EMAIL'])
}
