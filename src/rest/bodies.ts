import { errorResponses, idempotencyHeader, notModified, object, text } from '../http/openapi.ts'
import type { ConversationStatus } from './documents.ts'

const everyStatus: Record<ConversationStatus, true> = { OPEN: true, CLOSED: true, ARCHIVED: true }

/** The statuses in the order of the documentation. */
export const statuses = Object.keys(everyStatus)

// JSON Schema of the documented bodies. It checks input, writes output, and is the OpenAPI document.

const orNull = { type: ['string', 'null'] }
/** The form of a status, in bodies and in queries. */
export const status = { type: 'string', enum: statuses, description: 'OPEN, CLOSED, or ARCHIVED.' }

const head = {
  id: { ...text, description: 'Unique identifier, prefixed with thd_.' },
  status,
  source: { ...text, description: 'Channel the conversation originated from (EMAIL, CHAT, FORM, API).' },
  subject: { ...orNull, description: 'Subject line, typically from email conversations.' },
}

const tail = {
  lastMessageAt: { ...text, description: 'ISO 8601 timestamp of the last message.' },
  lastMessagePreview: { ...text, description: 'Text preview of the last message.' },
  assignedToId: { ...orNull, description: 'ID of the assigned agent, or null if unassigned.' },
}

const contact = object({ id: text, email: text, name: orNull, avatarUrl: orNull })

const list = (item: Record<string, object>) =>
  object({
    conversations: object({ items: { type: 'array', items: object(item) }, hasMore: { type: 'boolean' } }),
  })

const page = {
  type: 'object',
  properties: {
    status,
    limit: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    cursor: { ...text, description: 'The cursor from the `Link` header of the previous page.' },
  },
}

const addition = 'Not part of the original documentation.'

const searchable = {
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
      description: `Words that the conversation has, in its subject, its messages or its contact: at most 200 characters. The last one may be the beginning of a word. ${addition}`,
    },
  },
}

const inbox = ['Conversations']

export const listSchema = {
  tags: inbox,
  summary:
    'Lists conversations in your support inbox with filtering and pagination support. ARCHIVED conversations are listed only with status=ARCHIVED.',
  querystring: searchable,
  response: {
    200: list({
      ...head,
      isUnread: { type: 'boolean', description: 'Whether the conversation has unread messages.' },
      ...tail,
      channelId: { ...orNull, description: 'ID of the email channel.' },
      contact,
    }),
    304: notModified,
    ...errorResponses,
  },
}

export const historySchema = {
  tags: inbox,
  summary: 'Lists all conversations for a specific contact.',
  querystring: page,
  response: { 200: list({ ...head, ...tail }), 304: notModified, ...errorResponses },
}

export const createSchema = {
  tags: inbox,
  summary:
    'Creates a new outbound conversation. This sends an email to the specified address and creates the conversation thread in your inbox.',
  headers: idempotencyHeader,
  body: object({ email: text, name: orNull, subject: orNull, contentText: text }, ['email', 'contentText']),
  response: {
    201: object({
      conversation: object({ id: text }),
      contact: object({ id: text }),
      message: object({ id: text, contentPreview: text, status: text }),
    }),
    ...errorResponses,
  },
}

export const statusSchema = {
  tags: inbox,
  summary: 'Updates the status of a conversation.',
  body: object({ status }),
  response: { 200: object({ conversation: object({ id: text, status: text }) }), ...errorResponses },
}

export const assignSchema = {
  tags: inbox,
  summary:
    'Reassigns a conversation to a specific agent. Pass null as the agentId to unassign the conversation.',
  body: object({ agentId: orNull }),
  response: {
    200: object({ conversation: object({ id: text, assignedToAgentId: orNull }) }),
    ...errorResponses,
  },
}
