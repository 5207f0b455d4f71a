import { channelPage } from '../domain/channel/rows.ts'
import { builder } from './builder.ts'
import { connection, keyCursors, pageOf } from './connection.ts'
import { ConversationSource } from './enums.ts'
import { Node } from './node.ts'
import { Channel } from './refs.ts'

Channel.implement({
  description: 'A way in which contacts and the team reach each other, such as one mail address.',
  interfaces: [Node],
  fields: t => ({
    name: t.exposeString('name', {
      description: 'What the team calls it; also the sender name of its mail.',
    }),
    source: t.expose('source', {
      type: ConversationSource,
      description: 'The source that conversations through this channel have.',
    }),
    address: t.exposeString('address', {
      nullable: true,
      description: 'The address mail is sent from, for an EMAIL channel; null for the others.',
    }),
  }),
})

const ChannelConnection = builder.connectionObject(
  { type: Channel, name: 'ChannelConnection', description: 'A page of channels.' },
  { name: 'ChannelEdge', description: 'A channel and its place in the list.' },
)

const cursors = keyCursors('channels')

builder.queryField('channels', t =>
  t.field({
    type: ChannelConnection,
    description: 'The ways in and out, oldest first.',
    args: t.arg.connectionArgs(),
    resolve: async (_, args, { db, actor }) => {
      const page = pageOf(cursors, args)
      const rows = await channelPage(db, actor.workspaceId, page)
      return connection(cursors, page, rows, channel => ({ at: channel.createdAt, id: channel.id }))
    },
  }),
)
