import type { Writer } from '../../db/db.ts'
import type { Contact } from '../contact/rows.ts'
import type { NewEvents } from '../event/types.ts'
import type { Message } from '../message/columns.ts'
import { insertMessage, type NewMessage } from '../message/insert.ts'
import { preview } from '../message/preview.ts'
import { type Conversation, insertConversation, type NewConversation } from './rows.ts'

type Opening = Pick<NewConversation, 'source' | 'subject' | 'isUnread' | 'channelId'> & {
  contact: Contact
  at: Date
  message: Omit<NewMessage, 'conversationId' | 'createdAt'>
}

/** Writes an OPEN conversation with its first message. Returns both, and the events to record, in their order. */
export async function openConversation(
  writer: Writer,
  workspaceId: string,
  { contact, at, message: first, ...opening }: Opening,
): Promise<{ conversation: Conversation; message: Message; events: NewEvents }> {
  const conversation = await insertConversation(writer, workspaceId, {
    ...opening,
    contactId: contact.id,
    status: 'OPEN',
    lastMessageAt: at,
    lastMessagePreview: preview(first.text),
    createdAt: at,
  })
  const message = await insertMessage(writer, workspaceId, {
    ...first,
    conversationId: conversation.id,
    createdAt: at,
    foundBy: [opening.subject, contact.name, contact.email],
  })
  const events: NewEvents = [
    { type: 'CONVERSATION_CREATED', conversation, data: {} },
    { type: 'MESSAGE_ADDED', conversation, data: { messageId: message.id } },
  ]
  return { conversation, message, events }
}
