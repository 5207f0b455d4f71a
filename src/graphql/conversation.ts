import { builder } from './builder.ts'
import { connection, eventCursors, keyCursors, pageOf } from './connection.ts'
import { ConversationEventConnection } from './conversation-event.ts'
import { ConversationEventType, ConversationSource, ConversationStatus, MessageDirection } from './enums.ts'
import { MessageConnection } from './message.ts'
import { Node } from './node.ts'
import { present } from './present.ts'
import { Agent, Channel, Contact, Conversation } from './refs.ts'

const cursors = keyCursors('messages')

Conversation.implement({
  description: 'A support thread between a contact and the team.',
  interfaces: [Node],
  fields: t => ({
    status: t.expose('status', { type: ConversationStatus, description: 'Where it stands now.' }),
    source: t.expose('source', { type: ConversationSource, description: 'How it began; never changes.' }),
    subject: t.exposeString('subject', {
      nullable: true,
      description: 'The subject line; null where the source has none, such as a chat.',
    }),
    isUnread: t.exposeBoolean('isUnread', {
      description: 'Whether something in it waits to be read by an agent.',
    }),
    lastMessageAt: t.expose('lastMessageAt', {
      type: 'DateTime',
      description: 'When contact or team last said something; notes do not count.',
    }),
    lastMessagePreview: t.exposeString('lastMessagePreview', {
      description:
        'The beginning of that message on one line, at most 140 characters; "..." where it was cut.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it began.' }),
    assignedTo: t.field({
      type: Agent,
      nullable: true,
      description: 'The agent who has taken it; null: nobody.',
      resolve: ({ assignedToId }, _, { loaders }) => (assignedToId ? loaders.agent.load(assignedToId) : null),
    }),
    channel: t.field({
      type: Channel,
      nullable: true,
      description: 'The channel it goes through; null where none is set up for its source.',
      resolve: ({ channelId }, _, { loaders }) => (channelId ? loaders.channel.load(channelId) : null),
    }),
    contact: t.field({
      type: Contact,
      description: 'The person outside; never changes.',
      resolve: ({ contactId }, _, { loaders }) => present(loaders.contact.load(contactId), contactId),
    }),
    messages: t.field({
      type: MessageConnection,
      description: 'Everything said in it, oldest first.',
      args: {
        ...t.arg.connectionArgs(),
        direction: t.arg({
          type: [MessageDirection],
          description: 'Only messages that go one of these ways; left out: all. []: none.',
        }),
      },
      resolve: async (conversation, args, { loaders }) => {
        const page = pageOf(cursors, args, 10)
        const directions = args.direction ? [...new Set(args.direction)].sort() : null
        const rows = await loaders.messages({ directions, page }).load(conversation.id)
        for (const row of rows) loaders.message.prime(row.id, row)
        return connection(cursors, page, rows, message => ({ at: message.createdAt, id: message.id }))
      },
    }),
    events: t.field({
      type: ConversationEventConnection,
      description: 'What happened to this conversation, oldest first.',
      args: {
        ...t.arg.connectionArgs(),
        types: t.arg({
          type: [ConversationEventType],
          description: 'Only events of these types; left out: of all. []: none.',
        }),
      },
      resolve: async (conversation, args, { loaders, actor }) => {
        const cursors = eventCursors(actor.workspaceId)
        const page = pageOf(cursors, args, 10)
        const types = args.types ? [...new Set(args.types)].sort() : null
        const rows = await loaders.events({ types, page }).load(conversation.id)
        return connection(cursors, page, rows, event => event.seq)
      },
    }),
  }),
})

builder.queryField('conversation', t =>
  t.field({
    type: Conversation,
    nullable: true,
    description:
      'One conversation, of any status; null when the id is unknown, malformed or of another workspace.',
    args: { id: t.arg.id({ required: true, description: 'A thd_ id.' }) },
    resolve: (_, { id }, { loaders }) => loaders.conversation.load(id),
  }),
)
