import { z } from 'zod'
import type { Writer } from '../../db/db.ts'
import { type Channel, defaultEmailChannel, requireChannel } from '../channel/rows.ts'
import { upsertContact } from '../contact/rows.ts'
import { address, idempotencyKey, line, optionalId, parse, prose } from '../input.ts'
import { keyed, once, type Said } from '../message/once.ts'
import { outbound } from '../message/rows.ts'
import { change, type Operation } from '../operation.ts'
import { countChange } from '../workspace/counts.ts'
import { openConversation } from './open.ts'

const Input = z.object({
  email: address,
  name: line(200),
  subject: line(998),
  contentText: prose(100_000),
  channelId: optionalId,
  idempotencyKey,
})

/**
 * Opens a conversation with a first message to a contact, who is made if the address is new. The message is queued for
 * mail in the same transaction: either both exist or neither does.
 *
 * @throws Refusal INVALID_INPUT; NOT_FOUND for the channel; IDEMPOTENCY_MISMATCH
 */
export async function createConversation(
  operation: Operation,
  input: z.input<typeof Input>,
): Promise<Said & { replayed: boolean }> {
  const { idempotencyKey: key, ...asked } = parse(Input, input)
  const { workspaceId, id: actorId } = operation.actor
  return change(operation, workspaceId, (writer, record) =>
    once(writer, workspaceId, [keyed('createConversation', key, asked)], async () => {
      const { email, name, subject, contentText, channelId } = asked
      const channel = await emailChannel(writer, workspaceId, channelId)
      const { contact, at } = await upsertContact(writer, workspaceId, { email, name })
      const { conversation, message, events } = await openConversation(writer, workspaceId, {
        contact,
        at,
        channel_id: channel?.id ?? null,
        source: 'EMAIL',
        subject,
        is_unread: false,
        message: { ...outbound('EMAIL', at), text: contentText, author_id: actorId },
      })
      const cursor = await record({ actorId, at, events, counts: countChange(null, conversation) })
      return { conversation, message, cursor, contact }
    }),
  )
}

/** The channel the mail leaves by; null when none is named and the workspace has none. */
function emailChannel(writer: Writer, workspaceId: string, id: string | null): Promise<Channel | null> {
  return id === null
    ? defaultEmailChannel(writer, workspaceId)
    : requireChannel(writer, workspaceId, id, ['EMAIL'])
}
