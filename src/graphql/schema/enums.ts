import type { Channel } from '../../domain/channel/rows.ts'
import type { Status } from '../../domain/conversation/rows.ts'
import type { EventType } from '../../domain/event/types.ts'
import type { Direction, Message } from '../../domain/message/columns.ts'
import { builder } from './builder.ts'

/** The values of an enum. With the database's type, a missing value does not compile. */
type Values<Value extends string> = Record<Value, { description: string }>

export const ConversationStatus = builder.enumType('ConversationStatus', {
  description: "A conversation's status. Every transition is allowed.",
  values: {
    OPEN: { description: 'Active: requires attention.' },
    CLOSED: { description: 'Resolved.' },
    ARCHIVED: { description: 'Archived: hidden from the default inbox view.' },
  } satisfies Values<Status>,
})

export const ConversationSource = builder.enumType('ConversationSource', {
  description: 'The source that a conversation originated from.',
  values: {
    EMAIL: { description: 'An email, from the contact or from the team.' },
    CHAT: { description: 'A chat window.' },
    FORM: { description: 'A contact form.' },
    API: { description: 'A program that uses the API.' },
  } satisfies Values<Channel['source']>,
})

export const MessageDirection = builder.enumType('MessageDirection', {
  description: 'The direction of a message.',
  values: {
    INBOUND: { description: 'From a contact to the team.' },
    OUTBOUND: { description: 'From the team to the contact.' },
    NOTE: { description: 'Internal: never sent to the contact.' },
  } satisfies Values<Direction>,
})

export const MessageStatus = builder.enumType('MessageStatus', {
  description: 'The delivery status of a message.',
  values: {
    RECEIVED: { description: 'Received from the contact.' },
    QUEUED: { description: 'Waiting for its first delivery attempt or for a retry.' },
    SENT: {
      description: 'Accepted by the mail server. A reply in a CHAT or API conversation is SENT at once.',
    },
    FAILED: { description: 'Delivery failed for good. `failureReason` gives the reason.' },
    UNCONFIRMED: {
      description: "The mail server's answer was lost. The message may or may not have been delivered.",
    },
    STORED: { description: 'A note. It is not delivered.' },
  } satisfies Values<Message['status']>,
})

export const MessageWarning = builder.enumType('MessageWarning', {
  description: 'A reason to doubt who wrote an inbound message.',
  values: {
    AUTHOR_IS_NOT_CONTACT: {
      description:
        "The author is not the conversation's contact. Replies go to the contact, not to the author.",
    },
    AUTHOR_NOT_VERIFIED: {
      description:
        "The mail system reported that the sender address is not authentic (DMARC failed). Somebody else may have written the message in the author's name.",
    },
  },
})

export const ConversationEventType = builder.enumType('ConversationEventType', {
  description: 'The type of an event. Each value has its own object type.',
  values: {
    CONVERSATION_CREATED: { description: 'A conversation was created (`ConversationCreated`).' },
    CONVERSATION_STATUS_CHANGED: { description: 'The status changed (`ConversationStatusChanged`).' },
    CONVERSATION_ASSIGNED: { description: 'The assignee changed (`ConversationAssigned`).' },
    CONVERSATION_READ_STATE_CHANGED: {
      description: 'The read state changed (`ConversationReadStateChanged`).',
    },
    MESSAGE_ADDED: { description: 'A message or note was added (`MessageAdded`).' },
    MESSAGE_STATUS_CHANGED: { description: "A message's delivery status changed (`MessageStatusChanged`)." },
  } satisfies Values<EventType>,
})
