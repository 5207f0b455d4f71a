import { channelPage } from '../../domain/channel/rows.ts'
import { builder } from './builder.ts'
import { connection, pageOf } from './connection.ts'
import { timeCursors } from './cursors.ts'
import { ConversationSource } from './enums.ts'
import { Node } from './node.ts'
import { Channel } from './refs.ts'

export const channelType = Channel.implement({
  description: 'A channel between contacts and the team, such as an email address.',
  interfaces: [Node],
  fields: t => ({
    name: t.exposeString('name', {
      description: 'The name of the channel. It is also the sender name of its emails.',
    }),
    source: t.expose('source', {
      type: ConversationSource,
      description: 'The source that this channel serves. An EMAIL channel can also carry FORM conversations.',
    }),
    address: t.exposeString('address', {
      nullable: true,
      description:
        'The address that emails are sent from. Null if the channel has none; every EMAIL channel has one.',
    }),
  }),
})

const ChannelConnection = builder.connectionObject(
  { type: Channel, name: 'ChannelConnection', description: 'A page of channels.' },
  { name: 'ChannelEdge', description: 'A channel and its cursor.' },
)

const cursors = timeCursors('channels')

builder.queryField('channels', t =>
  t.field({
    type: ChannelConnection,
    description: "The workspace's channels, oldest first.",
    args: t.arg.connectionArgs(),
    resolve: async (_, args, context) => {
      const { db, actor } = context
      const page = pageOf(context, cursors, args)
      const rows = await channelPage(db, actor.workspaceId, page)
      return connection(cursors, page, rows, channel => ({ at: channel.createdAt, id: channel.id }))
    },
  }),
)
