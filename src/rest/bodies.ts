import { statuses } from './listing.ts'

// JSON Schema of the documented bodies: it checks what comes in, writes what goes out, and is the OpenAPI document.

const text = { type: 'string' }
const orNull = { type: ['string', 'null'] }
const status = { type: 'string', enum: [...statuses], description: 'OPEN, CLOSED, or ARCHIVED.' }

const object = (properties: Record<string, object>, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
})

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

const error = object({ statusCode: { type: 'integer' }, error: text, message: text })
const errors = { '4xx': error, '5xx': error }

const page = {
  type: 'object',
  properties: {
    status,
    limit: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    cursor: { ...text, description: 'From the Link header of the page before.' },
  },
}

const repeatable = {
  type: 'object',
  properties: {
    'idempotency-key': {
      ...text,
      description:
        'Makes it safe to ask again: within 24 hours an equal request with the same key, 1 to 255 printable ASCII characters, changes nothing and answers the same, with Idempotency-Replayed: true.',
    },
  },
}

const inbox = ['Conversations']

export const listSchema = {
  tags: inbox,
  summary: 'Lists conversations in your support inbox; ARCHIVED ones only when asked for.',
  querystring: page,
  response: {
    200: list({
      ...head,
      isUnread: { type: 'boolean', description: 'Whether the conversation has unread messages.' },
      ...tail,
      channelId: { ...orNull, description: 'ID of the email channel.' },
      contact,
    }),
    ...errors,
  },
}

export const historySchema = {
  tags: inbox,
  summary: 'Lists all conversations for a specific contact.',
  querystring: page,
  response: { 200: list({ ...head, ...tail }), ...errors },
}

export const createSchema = {
  tags: inbox,
  summary: 'Creates a new outbound conversation and sends its first message by mail.',
  headers: repeatable,
  body: object({ email: text, name: orNull, subject: orNull, contentText: text }, ['email', 'contentText']),
  response: {
    201: object({
      conversation: object({ id: text }),
      contact: object({ id: text }),
      message: object({ id: text, contentPreview: text, status: text }),
    }),
    ...errors,
  },
}

export const statusSchema = {
  tags: inbox,
  summary: 'Updates the status of a conversation.',
  body: object({ status }),
  response: { 200: object({ conversation: object({ id: text, status: text }) }), ...errors },
}

export const assignSchema = {
  tags: inbox,
  summary: 'Reassigns a conversation to a specific agent, or to nobody with null.',
  body: object({ agentId: orNull }),
  response: { 200: object({ conversation: object({ id: text, assignedToAgentId: orNull }) }), ...errors },
}

const mailed = object({
  conversation: object({ id: text }),
  message: object({ id: text, contentPreview: text, status: text }),
})

export const inboundEmailSchema = {
  tags: inbox,
  summary: 'Takes in a mail as it arrived (RFC 5322), up to 25 MB; the same mail twice is taken once.',
  consumes: ['message/rfc822'],
  headers: repeatable,
  body: { type: 'string', format: 'binary' },
  response: {
    200: {
      ...mailed,
      description: 'It reports that a mail of yours came back: the message that has failed.',
    },
    201: { ...mailed, description: 'The message it has become.' },
    ...errors,
  },
}
