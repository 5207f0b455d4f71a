import type { EventType } from '../domain/event.ts'

/** The GraphQL type of each type of event. */
export const eventTypeNames = {
  CONVERSATION_CREATED: 'ConversationCreated',
  CONVERSATION_STATUS_CHANGED: 'ConversationStatusChanged',
  CONVERSATION_ASSIGNED: 'ConversationAssigned',
  CONVERSATION_READ_STATE_CHANGED: 'ConversationReadStateChanged',
  MESSAGE_ADDED: 'MessageAdded',
  MESSAGE_STATUS_CHANGED: 'MessageStatusChanged',
} as const satisfies Record<EventType, string>
