import {
  bodyErrorResponses,
  errorResponses,
  idempotencyHeader,
  mismatchResponse,
  named,
  notModified,
  object,
  parameters,
  replayedHeader,
  text,
} from '../http/openapi.ts'
import {
  contact,
  contactId,
  conversationId,
  head,
  list,
  message,
  orNull,
  page,
  searchable,
  status,
  tail,
} from './bodies.ts'

// The documented paths: what each takes and answers.

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
