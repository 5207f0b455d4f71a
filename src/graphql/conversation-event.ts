import type { Event } from '../domain/event.ts'
import { eventId, toCursor } from '../domain/event-cursor.ts'
import { Actor, loadActor } from './actor.ts'
import { builder } from './builder.ts'
import type { Context } from './context.ts'
import { ConversationStatus, MessageStatus } from './enums.ts'
import { eventTypeNames } from './event-types.ts'
import { Node } from './node.ts'
import { present } from './present.ts'
import { Agent, Conversation, Message } from './refs.ts'

export const ConversationEvent = builder.interfaceRef<Event>('ConversationEvent').implement({
  description: 'Something that happened to a conversation, as the log holds it for good.',
  interfaces: [Node],
  resolveType: event => eventTypeNames[event.type],
  fields: t => ({
    id: t.id({ description: 'An evt_ id, good for `node`.', resolve: eventId }),
    cursor: t.field({
      type: 'EventCursor',
      description: 'The position right after this event: subscribe `after` it to go on from here.',
      resolve: toCursor,
    }),
    occurredAt: t.expose('occurredAt', {
      type: 'DateTime',
      description: 'Rises within a conversation; across conversations only `cursor` orders.',
    }),
    actor: t.field({
      type: Actor,
      nullable: true,
      description:
        'Null: the gateway itself (delivery). For an inbound message the contact, not the key that handed it in.',
      resolve: ({ actorId }, _, context) => loadActor(context, actorId),
    }),
    conversation: t.field({
      type: Conversation,
      description: 'As it is now, not as it was then.',
      resolve: ({ conversationId }, _, { loaders }) =>
        present(loaders.conversation.load(conversationId), conversationId),
    }),
  }),
})

const interfaces = [Node, ConversationEvent] as const

builder.objectRef<Event<'CONVERSATION_CREATED'>>('ConversationCreated').implement({
  description:
    'A conversation began. The status, assignee and read state it began with have no events of their own.',
  interfaces: [...interfaces],
})

export const ConversationStatusChanged = builder
  .objectRef<Event<'CONVERSATION_STATUS_CHANGED'>>('ConversationStatusChanged')
  .implement({
    description: 'A conversation got another status.',
    interfaces: [...interfaces],
    fields: t => ({
      previousStatus: t.field({
        type: ConversationStatus,
        description: 'The status it had until then.',
        resolve: ({ data }) => data.previousStatus,
      }),
      status: t.field({
        type: ConversationStatus,
        description: 'The status it got; it may have another by now.',
        resolve: ({ data }) => data.status,
      }),
    }),
  })

const agent = ({ loaders }: Context, id: string | null) => (id === null ? null : loaders.agent.load(id))

builder.objectRef<Event<'CONVERSATION_ASSIGNED'>>('ConversationAssigned').implement({
  description: 'A conversation was given to another agent, or to nobody.',
  interfaces: [...interfaces],
  fields: t => ({
    previousAssignedTo: t.field({
      type: Agent,
      nullable: true,
      description: 'Who had it until then; null: nobody.',
      resolve: ({ data }, _, context) => agent(context, data.previousAssignedToId),
    }),
    assignedTo: t.field({
      type: Agent,
      nullable: true,
      description: 'Who got it. Null when it was unassigned.',
      resolve: ({ data }, _, context) => agent(context, data.assignedToId),
    }),
  }),
})

builder.objectRef<Event<'CONVERSATION_READ_STATE_CHANGED'>>('ConversationReadStateChanged').implement({
  description: 'A conversation became read or unread.',
  interfaces: [...interfaces],
  fields: t => ({
    isUnread: t.boolean({
      description: 'Whether something in it waited to be read from then on.',
      resolve: ({ data }) => data.isUnread,
    }),
  }),
})

builder.objectRef<Event<'MESSAGE_ADDED'>>('MessageAdded').implement({
  description: 'Something was said, or noted, in a conversation; its first message too.',
  interfaces: [...interfaces],
  fields: t => ({
    message: t.field({
      type: Message,
      description: 'The new message, with the status it has now.',
      resolve: ({ data }, _, { loaders }) => present(loaders.message.load(data.messageId), data.messageId),
    }),
  }),
})

builder.objectRef<Event<'MESSAGE_STATUS_CHANGED'>>('MessageStatusChanged').implement({
  description: 'The delivery of a message came to something.',
  interfaces: [...interfaces],
  fields: t => ({
    message: t.field({
      type: Message,
      description: 'The message, with the status it has now.',
      resolve: ({ data }, _, { loaders }) => present(loaders.message.load(data.messageId), data.messageId),
    }),
    previousMessageStatus: t.field({
      type: MessageStatus,
      description: 'The status it had until then.',
      resolve: ({ data }) => data.previousMessageStatus,
    }),
    messageStatus: t.field({
      type: MessageStatus,
      description:
        'The status it got. Not `status`: one document must be able to select every event type without aliases.',
      resolve: ({ data }) => data.messageStatus,
    }),
  }),
})

export const ConversationEventConnection = builder.connectionObject(
  { type: ConversationEvent, name: 'ConversationEventConnection', description: 'A page of events.' },
  {
    name: 'ConversationEventEdge',
    description: 'An event and its place in the log: `cursor` is the string of `node.cursor`.',
  },
)
