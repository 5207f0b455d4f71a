import type { Insertable } from 'kysely'
import type { Tables, Writer } from '../../db/db.ts'
import type { Contact } from '../contact/rows.ts'
import type { NewEvents } from '../event.ts'
import { newId } from '../id.ts'
import { preview } from '../message/preview.ts'
import { insertMessage, type Message } from '../message/rows.ts'
import { type Conversation, insertConversation } from './rows.ts'

type FirstMessage = Omit<
  Insertable<Tables['message']>,
  'workspace_id' | 'id' | 'conversation_id' | 'preview' | 'created_at'
>

/** Writes an OPEN conversation with its first message. Answers the events to record, in their order. */
export async function openConversation(
  writer: Writer,
  workspaceId: string,
  {
    contact,
    at,
    message: first,
    ...conversation
  }: {
    contact: Contact
    at: Date
    channel_id: string | null
    source: Conversation['source']
    subject: string | null
    is_unread: boolean
    message: FirstMessage
  },
): Promise<{ conversation: Conversation; message: Message; events: NewEvents }> {
  const opened = await insertConversation(writer, {
    ...conversation,
    workspace_id: workspaceId,
    id: newId('conversation'),
    contact_id: contact.id,
    assigned_to_id: null,
    status: 'OPEN',
    last_message_at: at,
    last_message_preview: preview(first.text),
    created_at: at,
    updated_at: at,
  })
  const message = await insertMessage(writer, {
    ...first,
    workspace_id: workspaceId,
    conversation_id: opened.id,
    created_at: at,
  })
  const events: NewEvents = [
    { type: 'CONVERSATION_CREATED', conversation: opened, data: {} },
    { type: 'MESSAGE_ADDED', conversation: opened, data: { messageId: message.id } },
  ]
  return { conversation: opened, message, events }
}
