import type { Tables } from '../../db/db.ts'

type Status = Tables['conversation']['status']
type MessageStatus = Tables['message']['status']

/** A type of event, as the database's check constraint lists them. */
export type EventType = Tables['event']['type']

/** The data that each event type adds: ids and enumeration values, never whole rows. */
export type EventData = {
  CONVERSATION_CREATED: Record<string, never>
  CONVERSATION_STATUS_CHANGED: { previousStatus: Status; status: Status }
  CONVERSATION_ASSIGNED: { previousAssignedToId: string | null; assignedToId: string | null }
  CONVERSATION_READ_STATE_CHANGED: { isUnread: boolean }
  MESSAGE_ADDED: { messageId: string }
  MESSAGE_STATUS_CHANGED: {
    messageId: string
    previousMessageStatus: MessageStatus
    messageStatus: MessageStatus
  }
}

/**
 * The one table of event types, with the GraphQL type of each. A type that is missing here or in `EventData` does not
 * compile.
 */
export const eventTypes = {
  CONVERSATION_CREATED: 'ConversationCreated',
  CONVERSATION_STATUS_CHANGED: 'ConversationStatusChanged',
  CONVERSATION_ASSIGNED: 'ConversationAssigned',
  CONVERSATION_READ_STATE_CHANGED: 'ConversationReadStateChanged',
  MESSAGE_ADDED: 'MessageAdded',
  MESSAGE_STATUS_CHANGED: 'MessageStatusChanged',
} as const satisfies Record<EventType, string>

/** An event that has no number yet: what happened to which conversation. */
export type NewEvent = {
  [T in EventType]: { type: T; conversation: { id: string; contactId: string }; data: EventData[T] }
}[EventType]

/** Events of one change, in the order in which they are recorded. */
export type NewEvents = readonly [NewEvent, ...NewEvent[]]
