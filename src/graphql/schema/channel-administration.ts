import { createChannel } from '../../domain/channel/create.ts'
import { renameChannel } from '../../domain/channel/rename.ts'
import { maxNameCharacters } from '../../domain/limits.ts'
import { administer, needsAdmin } from './administer.ts'
import { builder } from './builder.ts'
import { ConversationSource } from './enums.ts'
import { type Payload, userErrorsField } from './payload.ts'
import { Channel } from './refs.ts'
import { required } from './required.ts'

type ChannelPayload = Payload<{ channelId: string }>

const nameDescription = `One line of 1 to ${maxNameCharacters} characters, otherwise INVALID_INPUT. It is also the sender name of its emails.`

const channelPayload = (name: string) =>
  builder.objectRef<ChannelPayload>(name).implement({
    description: 'The result. On refusal only `userErrors` is set.',
    fields: t => ({
      channel: t.field({
        type: Channel,
        nullable: true,
        description: 'The channel in its current state; null on refusal.',
        resolve: ({ channelId }, _, { loaders }) =>
          channelId === undefined ? null : required(loaders.channel.load(channelId), channelId),
      }),
      userErrors: userErrorsField(t),
    }),
  })

const CreateChannelInput = builder.inputType('CreateChannelInput', {
  description: 'A new channel.',
  fields: t => ({
    name: t.string({ required: true, description: nameDescription }),
    source: t.field({
      type: ConversationSource,
      required: true,
      description: 'The source that it serves. It never changes.',
    }),
    address: t.string({
      description:
        'The address that emails are sent from. Required for EMAIL, otherwise INVALID_INPUT. INVALID_INPUT if it is not one address.',
    }),
  }),
})

const RenameChannelInput = builder.inputType('RenameChannelInput', {
  description: 'A channel and its new name.',
  fields: t => ({
    channelId: t.id({ required: true, description: "The channel's `chn_` id. NOT_FOUND if it is unknown." }),
    name: t.string({ required: true, description: nameDescription }),
  }),
})

builder.mutationFields(t => ({
  createChannel: t.field({
    type: channelPayload('CreateChannelPayload'),
    description: `Creates a channel. ${needsAdmin} \`userErrors\`: INVALID_INPUT.`,
    extensions: { scope: 'admin' },
    args: { input: t.arg({ type: CreateChannelInput, required: true, description: 'The channel.' }) },
    resolve: (_, { input }, context) =>
      administer(context, async (writer, workspaceId) => ({
        channelId: await createChannel(writer, workspaceId, input),
      })),
  }),
  renameChannel: t.field({
    type: channelPayload('RenameChannelPayload'),
    description: `Gives a channel another name. ${needsAdmin} \`userErrors\`: INVALID_INPUT, NOT_FOUND.`,
    extensions: { scope: 'admin' },
    args: {
      input: t.arg({ type: RenameChannelInput, required: true, description: 'The channel and its name.' }),
    },
    resolve: (_, { input }, context) =>
      administer(context, async (writer, workspaceId) => ({
        channelId: await renameChannel(writer, workspaceId, input),
      })),
  }),
}))
