import { builder } from './builder.ts'

export const ConversationStatus = builder.enumType('ConversationStatus', {
  description: 'Where a conversation stands. Any status may follow any other.',
  values: {
    OPEN: { description: 'Active: it requires attention.' },
    CLOSED: { description: 'Resolved.' },
    ARCHIVED: { description: 'Put away: hidden from the default inbox view.' },
  },
})

export const ConversationSource = builder.enumType('ConversationSource', {
  description: 'How a conversation began.',
  values: {
    EMAIL: { description: 'By mail, from either side.' },
    CHAT: { description: 'In a chat window.' },
    FORM: { description: 'Through a contact form.' },
    API: { description: 'By a program.' },
  },
})

export const MessageDirection = builder.enumType('MessageDirection', {
  description: 'Which way a message goes.',
  values: {
    INBOUND: { description: 'From a contact to the team.' },
    OUTBOUND: { description: 'From the team to the contact.' },
    NOTE: { description: 'Internal: never sent to the contact.' },
  },
})

export const MessageStatus = builder.enumType('MessageStatus', {
  description: 'What became of a message.',
  values: {
    RECEIVED: { description: 'It came in.' },
    QUEUED: { description: 'It waits for delivery, for the first time or again.' },
    SENT: { description: 'The mail server has accepted it, or its channel needs no mail server.' },
    FAILED: { description: 'It will not be delivered; `failureReason` says why.' },
    UNCONFIRMED: { description: "The mail server's answer was lost: it may or may not have been delivered." },
    STORED: { description: 'A note; nothing to deliver.' },
  },
})

export const ConversationEventType = builder.enumType('ConversationEventType', {
  description: 'The kinds of events, each with a type of its own.',
  values: {
    CONVERSATION_CREATED: { description: 'A conversation began: ConversationCreated.' },
    CONVERSATION_STATUS_CHANGED: { description: 'It got another status: ConversationStatusChanged.' },
    CONVERSATION_ASSIGNED: { description: 'It was given to an agent or to nobody: ConversationAssigned.' },
    CONVERSATION_READ_STATE_CHANGED: {
      description: 'It became read or unread: ConversationReadStateChanged.',
    },
    MESSAGE_ADDED: { description: 'Something was said or noted in it: MessageAdded.' },
    MESSAGE_STATUS_CHANGED: { description: 'A delivery came to something: MessageStatusChanged.' },
  },
})
