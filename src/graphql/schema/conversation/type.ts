import type { Direction, MessageAlong } from '../../../domain/message/columns.ts'
import { messagesInRow } from '../../../domain/message/pages.ts'
import type { Keyset, Page } from '../../../domain/page.ts'
import { builder } from '../builder.ts'
import { type ConnectionArguments, connection, defaultNestedSize, pageOf } from '../connection.ts'
import type { Context } from '../context.ts'
import { eventCursors, timeCursors } from '../cursors.ts'
import { ConversationEventType, ConversationSource, ConversationStatus, MessageDirection } from '../enums.ts'
import { ConversationEventConnection } from '../event/interface.ts'
import { MessageConnection } from '../message/type.ts'
import { Node } from '../node.ts'
import { Agent, Channel, Contact, Conversation } from '../refs.ts'
import { required } from '../required.ts'
import { type Arguments, unindexedNestedWeight } from '../weight.ts'

const cursors = timeCursors('messages')
const placeOf = ({ id, createdAt: at }: MessageAlong): Keyset => ({ at, id })

function shownMessages({ loaders }: Context, page: Page, rows: MessageAlong[]) {
  for (const row of rows) loaders.message.prime(row.id, row)
  return connection(cursors, page, rows, placeOf)
}

type MessagesArguments = ConnectionArguments & { direction?: Direction[] | null | undefined }

/** Messages that were not read along. Wrong arguments reject: what is thrown in a list leaves other promises unhandled. */
async function ownMessages(context: Context, args: MessagesArguments, conversationId: string) {
  const page = pageOf(context, cursors, args, defaultNestedSize)
  const directions = args.direction ? [...new Set(args.direction)].sort() : null
  const rows = await context.loaders.messages({ directions, page }).load(conversationId)
  return shownMessages(context, page, rows)
}

/** An object of which only the id is selected, so that no row is needed. */
const onlyId = <Row extends { id: string }>(id: string): Row => ({ id }) as Row

export const conversationType = Conversation.implement({
  description: 'A support thread between a contact and the team.',
  interfaces: [Node],
  fields: t => ({
    status: t.expose('status', { type: ConversationStatus, description: 'The current status.' }),
    source: t.expose('source', {
      type: ConversationSource,
      description: 'The source of the conversation. It never changes.',
    }),
    subject: t.exposeString('subject', {
      nullable: true,
      description: 'The subject line; null if none was given.',
    }),
    isUnread: t.exposeBoolean('isUnread', {
      description:
        'Whether the conversation is unread. Inbound messages and failed deliveries set it, except automatic messages from the contact; replies clear it.',
    }),
    lastMessageAt: t.expose('lastMessageAt', {
      type: 'DateTime',
      description: 'When the last message from or to the contact was added. Notes do not count.',
    }),
    lastMessagePreview: t.exposeString('lastMessagePreview', {
      description:
        'The beginning of the last message on one line, at most 140 characters. It ends with "..." if it was cut. Notes do not count.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the conversation was created.' }),
    assignedTo: t.field({
      type: Agent,
      nullable: true,
      description: 'The assigned agent; null if unassigned.',
      resolve: ({ assignedToId: id }, _, { loaders, related }) =>
        id === null
          ? null
          : related.along.agent
            ? (loaders.agent.known(id) ?? loaders.agent.load(id))
            : onlyId<typeof Agent.$inferType>(id),
    }),
    channel: t.field({
      type: Channel,
      nullable: true,
      description: 'The channel of the conversation; null if it was created without one.',
      resolve: ({ channelId: id }, _, { loaders, related }) =>
        id === null
          ? null
          : related.channel
            ? loaders.channel.load(id)
            : onlyId<typeof Channel.$inferType>(id),
    }),
    contact: t.field({
      type: Contact,
      description: 'The contact of the conversation. It never changes.',
      resolve: ({ contactId: id }, _, { loaders, related }) =>
        related.along.contact
          ? (loaders.contact.known(id) ?? required(loaders.contact.load(id), id))
          : onlyId<typeof Contact.$inferType>(id),
    }),
    messages: t.field({
      type: MessageConnection,
      extensions: { weight: ({ direction }: Arguments) => (direction == null ? 1 : unindexedNestedWeight) },
      description: 'All messages and notes, oldest first.',
      args: {
        ...t.arg.connectionArgs(),
        direction: t.arg({
          type: [MessageDirection],
          description: 'Returns only messages with these directions. Default: all. `[]` returns none.',
        }),
      },
      resolve: (conversation, args, context) => {
        // They are the page of these arguments, as the operation has no other one (`messagesOfEach`).
        const along = messagesInRow(conversation)
        if (!along) return ownMessages(context, args, conversation.id)
        return shownMessages(context, pageOf(context, cursors, args, defaultNestedSize), along)
      },
    }),
    events: t.field({
      type: ConversationEventConnection,
      extensions: { weight: ({ types }: Arguments) => (types == null ? 1 : unindexedNestedWeight) },
      description:
        'The events of this conversation, oldest first. Events deleted after the retention period are missing.',
      args: {
        ...t.arg.connectionArgs(),
        types: t.arg({
          type: [ConversationEventType],
          description: 'Returns only events of these types. Default: all. `[]` returns none.',
        }),
      },
      resolve: async (conversation, args, context) => {
        const { loaders, actor } = context
        const cursors = eventCursors(actor.workspaceId)
        const page = pageOf(context, cursors, args, defaultNestedSize)
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
      'One conversation by id, in any status. Null if the id is unknown, malformed or of another workspace.',
    args: { id: t.arg.id({ required: true, description: 'A `thd_` id.' }) },
    resolve: (_, { id }, { loaders }) => loaders.conversation.load(id),
  }),
)
