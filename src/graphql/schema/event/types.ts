import type { Event } from '../../../domain/event/rows.ts'
import { type EventType, eventTypes } from '../../../domain/event/types.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { ConversationStatus, MessageStatus } from '../enums.ts'
import { Node } from '../node.ts'
import { Agent, Message } from '../refs.ts'
import { required } from '../required.ts'
import { ConversationEvent } from './interface.ts'

const interfaces = [Node, ConversationEvent]

const objectType = <T extends EventType>(type: T) => builder.objectRef<Event<T>>(eventTypes[type])

const agentOrNull = ({ loaders }: Context, id: string | null) => (id === null ? null : loaders.agent.load(id))

/** The object type of each event type. */
export const eventObjectTypes = {
  CONVERSATION_CREATED: objectType('CONVERSATION_CREATED').implement({
    description:
      'A conversation was created. Its initial status, assignee and read state have no separate events.',
    interfaces,
  }),
  CONVERSATION_STATUS_CHANGED: objectType('CONVERSATION_STATUS_CHANGED').implement({
    description: "A conversation's status changed.",
    interfaces,
    fields: t => ({
      previousStatus: t.field({
        type: ConversationStatus,
        description: 'The status before the change.',
        resolve: ({ data }) => data.previousStatus,
      }),
      status: t.field({
        type: ConversationStatus,
        description: 'The status after the change. The current status may differ.',
        resolve: ({ data }) => data.status,
      }),
    }),
  }),
  CONVERSATION_ASSIGNED: objectType('CONVERSATION_ASSIGNED').implement({
    description: 'A conversation was assigned to an agent or unassigned.',
    interfaces,
    fields: t => ({
      previousAssignedTo: t.field({
        type: Agent,
        nullable: true,
        description: 'The assignee before the change; null if it was unassigned.',
        resolve: ({ data }, _, context) => agentOrNull(context, data.previousAssignedToId),
      }),
      assignedTo: t.field({
        type: Agent,
        nullable: true,
        description: 'The assignee after the change; null if it was unassigned.',
        resolve: ({ data }, _, context) => agentOrNull(context, data.assignedToId),
      }),
    }),
  }),
  CONVERSATION_READ_STATE_CHANGED: objectType('CONVERSATION_READ_STATE_CHANGED').implement({
    description: "A conversation's read state changed.",
    interfaces,
    fields: t => ({
      isUnread: t.boolean({
        description: 'Whether the conversation was unread after the change.',
        resolve: ({ data }) => data.isUnread,
      }),
    }),
  }),
  MESSAGE_ADDED: objectType('MESSAGE_ADDED').implement({
    description:
      "A message or note was added to a conversation. Also recorded for a conversation's first message.",
    interfaces,
    fields: t => ({
      message: t.field({
        type: Message,
        description: 'The new message, with its current status.',
        resolve: ({ data }, _, { loaders }) => required(loaders.message.load(data.messageId), data.messageId),
      }),
    }),
  }),
  MESSAGE_STATUS_CHANGED: objectType('MESSAGE_STATUS_CHANGED').implement({
    description: "A message's delivery status changed.",
    interfaces,
    fields: t => ({
      message: t.field({
        type: Message,
        description: 'The message, with its current status.',
        resolve: ({ data }, _, { loaders }) => required(loaders.message.load(data.messageId), data.messageId),
      }),
      previousMessageStatus: t.field({
        type: MessageStatus,
        description: 'The status before the change.',
        resolve: ({ data }) => data.previousMessageStatus,
      }),
      messageStatus: t.field({
        type: MessageStatus,
        description:
          'The status after the change. Not named `status`, so that one document can select every event type without aliases.',
        resolve: ({ data }) => data.messageStatus,
      }),
    }),
  }),
} satisfies Record<EventType, object>

export const { CONVERSATION_STATUS_CHANGED: ConversationStatusChanged } = eventObjectTypes
