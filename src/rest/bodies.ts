import { listHeaders, named, object, text } from '../http/openapi.ts'
import type { ConversationSource, ConversationStatus, MessageStatus } from './documents.ts'

const everyStatus: Record<ConversationStatus, true> = { OPEN: true, CLOSED: true, ARCHIVED: true }
const everySource: Record<ConversationSource, true> = { EMAIL: true, CHAT: true, FORM: true, API: true }
const everyMessageStatus: Record<MessageStatus, true> = {
  RECEIVED: true,
  QUEUED: true,
  SENT: true,
  FAILED: true,
  UNCONFIRMED: true,
  STORED: true,
}

/** The statuses in the order of the documentation. */
export const statuses = Object.keys(everyStatus)

// JSON Schema of the documented bodies. It checks input, writes output, and is the OpenAPI document, with the examples
// that the documentation prints.

/** A text, or null. */
export const orNull = { type: ['string', 'null'] }
const janeId = 'ctc_B7OSYsnTUVwBPOGrgYTjvSGS'

/** The form of a status, in bodies and in queries. */
export const status = { type: 'string', enum: statuses, description: 'OPEN, CLOSED, or ARCHIVED.' }

/** Its form in bodies. */
export const conversationId = {
  ...text,
  description: 'Unique identifier, prefixed with thd_.',
  examples: ['thd_xyz789'],
}

/** Its form in bodies. */
export const contactId = {
  ...text,
  description: 'Unique identifier, prefixed with ctc_.',
  examples: [janeId],
}

/** What every conversation of a list begins with. */
export const head = {
  id: conversationId,
  status,
  source: {
    type: 'string',
    enum: Object.keys(everySource),
    description: 'Channel the conversation originated from (EMAIL, CHAT, FORM, API).',
  },
  subject: {
    ...orNull,
    description: 'Subject line, typically from email conversations.',
    examples: ['Billing question'],
  },
}

/** What every conversation of a list ends with. */
export const tail = {
  lastMessageAt: {
    ...text,
    format: 'date-time',
    description: 'ISO 8601 timestamp of the last message.',
    examples: ['2025-03-12T14:30:00Z'],
  },
  lastMessagePreview: {
    ...text,
    description: 'Text preview of the last message.',
    examples: ['Hi, I have a question about my invoice...'],
  },
  assignedToId: {
    ...orNull,
    description: 'ID of the assigned agent, or null if unassigned.',
    examples: ['agt_abc123'],
  },
}

/** The contact of a conversation. */
export const contact = named(
  'Contact',
  object({
    id: contactId,
    email: { ...text, description: 'The email address.', examples: ['jane@example.com'] },
    name: { ...orNull, description: 'The display name, or null if none is known.', examples: ['Jane Doe'] },
    avatarUrl: { ...orNull, description: 'The URL of a picture, or null if there is none.' },
  }),
)

/** A message that was sent. */
export const message = named(
  'MessageSummary',
  object({
    id: { ...text, description: 'Unique identifier, prefixed with msg_.', examples: ['msg_abc456'] },
    contentPreview: {
      ...text,
      description: 'The beginning of the text, on one line.',
      examples: ['Hi Jane, I wanted to follow up...'],
    },
    status: {
      type: 'string',
      enum: Object.keys(everyMessageStatus),
      description:
        'The delivery status: SENT when the mail server has accepted it, QUEUED while it is tried, FAILED or UNCONFIRMED otherwise.',
    },
  }),
)

/** A page of conversations, with a link to the next one. */
export const list = (title: string, description: string, item: object) => ({
  ...named(
    title,
    object({
      conversations: object({
        items: { type: 'array', items: item, description: 'The conversations, most recent message first.' },
        hasMore: {
          type: 'boolean',
          description: 'Whether there is a next page, which the header `Link` names.',
        },
      }),
    }),
  ),
  description,
  headers: listHeaders,
})

/** The query of a list. */
export const page = {
  type: 'object',
  properties: {
    status,
    limit: {
      type: 'integer',
      minimum: 1,
      maximum: 100,
      default: 20,
      description: 'The most conversations of a page.',
    },
    cursor: { ...text, description: 'The cursor from the `Link` header of the previous page.' },
  },
}

const addition = 'Not part of the original documentation.'

/** The query of a list that can be searched. */
export const searchable = {
  ...page,
  properties: {
    ...page.properties,
    assignedToId: {
      ...text,
      description: `The ID of the assigned agent, or none for unassigned conversations. ${addition}`,
    },
    isUnread: { type: 'boolean', description: `Unread conversations, or read ones. ${addition}` },
    search: {
      ...text,
      maxLength: 200,
      description: `Words that the conversation has, in its subject, its messages or its contact: at most 200 characters. The last one may be the beginning of a word. ${addition}`,
    },
  },
}
