import {
  bodyErrorResponses,
  errorResponses,
  idempotencyHeader,
  listHeaders,
  mismatchResponse,
  named,
  notModified,
  object,
  parameters,
  replayedHeader,
  text,
} from '../http/openapi.ts'
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

const orNull = { type: ['string', 'null'] }
const janeId = 'ctc_B7OSYsnTUVwBPOGrgYTjvSGS'

/** The form of a status, in bodies and in queries. */
export const status = { type: 'string', enum: statuses, description: 'OPEN, CLOSED, or ARCHIVED.' }

const conversationId = {
  ...text,
  description: 'Unique identifier, prefixed with thd_.',
  examples: ['thd_xyz789'],
}

const contactId = { ...text, description: 'Unique identifier, prefixed with ctc_.', examples: [janeId] }

const head = {
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

const tail = {
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

const contact = named(
  'Contact',
  object({
    id: contactId,
    email: { ...text, description: 'The email address.', examples: ['jane@example.com'] },
    name: { ...orNull, description: 'The display name, or null if none is known.', examples: ['Jane Doe'] },
    avatarUrl: { ...orNull, description: 'The URL of a picture, or null if there is none.' },
  }),
)

const message = named(
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

const list = (title: string, description: string, item: object) => ({
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

const page = {
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
      maxLength: 200,
      description: `Words that the conversation has, in its subject, its messages or its contact: at most 200 characters. The last one may be the beginning of a word. ${addition}`,
    },
  },
}

const tags = ['Conversations']
const workspace = { workspaceId: 'The workspace of the key, prefixed with wrk_.' }
const inWorkspace = parameters(workspace)
const ofConversation = parameters({ ...workspace, conversationId: 'The conversation, prefixed with thd_.' })
const ofContact = parameters({ ...workspace, contactId: 'The contact, prefixed with ctc_.' })

export const listSchema = {
  operationId: 'listConversations',
  tags,
  summary: 'List conversations',
  description:
    'Lists conversations in your support inbox with filtering and pagination support. ARCHIVED conversations are listed only with status=ARCHIVED.',
  params: inWorkspace,
  querystring: searchable,
  response: {
    200: list(
      'ConversationList',
      'A page of conversations.',
      named(
        'Conversation',
        object({
          ...head,
          isUnread: { type: 'boolean', description: 'Whether the conversation has unread messages.' },
          ...tail,
          channelId: { ...orNull, description: 'ID of the email channel.', examples: ['chn_def456'] },
          contact,
        }),
      ),
    ),
    304: notModified,
    ...errorResponses,
  },
}

export const historySchema = {
  operationId: 'listContactConversations',
  tags,
  summary: 'List the conversations of a contact',
  description:
    "Lists all conversations for a specific contact. Useful for viewing a customer's full support history.",
  params: ofContact,
  querystring: page,
  response: {
    200: list(
      'ContactConversationList',
      'A page of the conversations of the contact.',
      named('ContactConversation', object({ ...head, ...tail })),
    ),
    304: notModified,
    ...errorResponses,
  },
}

export const createSchema = {
  operationId: 'createConversation',
  tags,
  summary: 'Create a conversation',
  description:
    'Creates a new outbound conversation. This sends an email to the specified address and creates the conversation thread in your inbox.',
  params: inWorkspace,
  headers: idempotencyHeader,
  body: named(
    'NewConversation',
    object(
      {
        email: { ...text, description: 'The address to write to.', examples: ['jane@example.com'] },
        name: { ...orNull, description: "The contact's name.", examples: ['Jane Doe'] },
        subject: { ...orNull, description: 'The subject line.', examples: ['Following up on your request'] },
        contentText: {
          ...text,
          description: 'The text of the message.',
          examples: ['Hi Jane, I wanted to follow up on your recent support request...'],
        },
      },
      ['email', 'contentText'],
    ),
  ),
  response: {
    201: {
      ...named(
        'CreatedConversation',
        object({
          conversation: named('ConversationId', object({ id: conversationId })),
          contact: named('ContactId', object({ id: contactId })),
          message,
        }),
      ),
      description: 'The conversation was created.',
      headers: replayedHeader,
    },
    ...errorResponses,
    ...bodyErrorResponses,
    ...mismatchResponse,
  },
}

export const statusSchema = {
  operationId: 'setConversationStatus',
  tags,
  summary: 'Set the status of a conversation',
  description:
    'Updates the status of a conversation. Use this to close resolved conversations or reopen them.',
  params: ofConversation,
  body: named('NewStatus', object({ status })),
  response: {
    200: {
      ...named('ConversationWithStatus', object({ conversation: object({ id: conversationId, status }) })),
      description: 'The status is set.',
    },
    ...errorResponses,
    ...bodyErrorResponses,
  },
}

export const assignSchema = {
  operationId: 'assignConversation',
  tags,
  summary: 'Assign a conversation',
  description:
    'Reassigns a conversation to a specific agent. Pass null as the agentId to unassign the conversation.',
  params: ofConversation,
  body: named(
    'NewAssignee',
    object({
      agentId: { ...orNull, description: 'The agent, or null to unassign.', examples: ['agt_abc123'] },
    }),
  ),
  response: {
    200: {
      ...named(
        'AssignedConversation',
        object({
          conversation: object({ id: conversationId, assignedToAgentId: tail.assignedToId }),
        }),
      ),
      description: 'The conversation is assigned.',
    },
    ...errorResponses,
    ...bodyErrorResponses,
  },
}
