import { z } from 'zod'
import type { Writer } from '../../db/db.ts'
import { type Channel, channelsByIds, defaultEmailChannel } from '../channel/rows.ts'
import { type Contact, upsertContact } from '../contact/rows.ts'
import { notFound, refusal } from '../errors.ts'
import { isId, newId } from '../id.ts'
import { address, line, parse, prose } from '../input.ts'
import { preview } from '../message/preview.ts'
import { insertMessage, type Message } from '../message/rows.ts'
import { change, type Operation } from '../operation.ts'
import { countChange } from '../workspace/counts.ts'
import { type Conversation, insertConversation } from './rows.ts'

const Input = z.object({
  email: address,
  name: line(200),
  subject: line(998),
  contentText: prose(100_000),
  channelId: z.string().nullish(),
})

/**
 * Opens a conversation with a first message to a contact, who is made if the address is new. The message is queued for
 * mail in the same transaction: either both exist or neither does.
 *
 * @throws Refusal INVALID_INPUT; NOT_FOUND for the channel
 */
export async function createConversation(
  operation: Operation,
  input: z.input<typeof Input>,
): Promise<{ conversation: Conversation; contact: Contact; message: Message; cursor: string }> {
  const { email, name, subject, contentText, channelId } = parse(Input, input)
  const { workspaceId, id: actorId } = operation.actor
  return change(operation, workspaceId, async (writer, record) => {
    const channel = await emailChannel(writer, workspaceId, channelId ?? null)
    const { contact, at } = await upsertContact(writer, workspaceId, { email, name })
    const conversation = await insertConversation(writer, {
      workspace_id: workspaceId,
      id: newId('conversation'),
      contact_id: contact.id,
      channel_id: channel?.id ?? null,
      assigned_to_id: null,
      status: 'OPEN',
      source: 'EMAIL',
      subject,
      is_unread: false,
      last_message_at: at,
      last_message_preview: preview(contentText),
      created_at: at,
      updated_at: at,
    })
    const message = await insertMessage(writer, {
      workspace_id: workspaceId,
      id: newId('message'),
      conversation_id: conversation.id,
      direction: 'OUTBOUND',
      status: 'QUEUED',
      text: contentText,
      preview: conversation.lastMessagePreview,
      author_id: actorId,
      created_at: at,
      // Whoever asked for it tries at once; the sweep leaves it to them for a moment.
      next_attempt_at: new Date(at.getTime() + 3_000),
    })
    const cursor = await record({
      actorId,
      at,
      events: [
        { type: 'CONVERSATION_CREATED', conversation, data: {} },
        { type: 'MESSAGE_ADDED', conversation, data: { messageId: message.id } },
      ],
      counts: countChange(null, conversation),
    })
    return { conversation, contact, message, cursor }
  })
}

/** The channel the mail leaves by; null when none is named and the workspace has none. */
async function emailChannel(writer: Writer, workspaceId: string, id: string | null): Promise<Channel | null> {
  if (id === null) return defaultEmailChannel(writer, workspaceId)
  const [channel] = isId('channel', id) ? await channelsByIds(writer, workspaceId, [id]) : []
  if (!channel) throw notFound('channel', 'channelId')
  if (channel.source !== 'EMAIL')
    throw refusal('INVALID_INPUT', 'channelId must name an EMAIL channel.', 'channelId')
  return channel
}
