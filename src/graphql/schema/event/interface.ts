import { eventId, toCursor } from '../../../domain/event/cursor.ts'
import type { Event } from '../../../domain/event/rows.ts'
import { eventTypes } from '../../../domain/event/types.ts'
import { nouns } from '../../../domain/nouns.ts'
import { Actor, loadActor } from '../actor.ts'
import { builder } from '../builder.ts'
import { Node } from '../node.ts'
import { Conversation } from '../refs.ts'
import { required } from '../required.ts'

export const ConversationEvent = builder.interfaceRef<Event>(nouns.event.typeName).implement({
  description:
    'A change to a conversation, as recorded in the event log. Events never change; they are deleted only if a retention period is set.',
  interfaces: [Node],
  resolveType: event => eventTypes[event.type],
  fields: t => ({
    id: t.id({ description: 'An `evt_` id. It works with `node`.', resolve: eventId }),
    cursor: t.field({
      type: 'EventCursor',
      description: 'The position right after this event. Subscribe `after` it to continue from here.',
      resolve: toCursor,
    }),
    occurredAt: t.expose('occurredAt', {
      type: 'DateTime',
      description:
        'When the change happened. It never decreases within a conversation. Use `cursor` to order events across conversations.',
    }),
    actor: t.field({
      type: Actor,
      nullable: true,
      description:
        'Who made the change; null if the gateway did (delivery). For an inbound message it is the contact, not the key that submitted it.',
      resolve: ({ actorId }, _, context) => loadActor(context, actorId),
    }),
    traceparent: t.exposeString('traceparent', {
      nullable: true,
      description:
        'The place of the change in a distributed trace (W3C Trace Context). Begin your own work below it, or link to it. Null if the request that made the change was not traced: it had no header `traceparent`, and the gateway sends no traces.',
    }),
    conversation: t.field({
      type: Conversation,
      description: 'The conversation in its current state, not as it was at the event.',
      resolve: ({ conversationId }, _, { loaders }) =>
        required(loaders.conversation.load(conversationId), conversationId),
    }),
  }),
})

export const ConversationEventConnection = builder.connectionObject(
  { type: ConversationEvent, name: 'ConversationEventConnection', description: 'A page of events.' },
  {
    name: 'ConversationEventEdge',
    description: 'An event and its cursor, which equals `node.cursor`.',
  },
)
