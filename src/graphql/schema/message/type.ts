import { Actor, loadActor } from '../actor.ts'
import { bytesOf, counted } from '../answer-bytes.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { MessageDirection, MessageStatus, MessageWarning } from '../enums.ts'
import { Node } from '../node.ts'
import { Conversation, Message } from '../refs.ts'
import { required, wasRead } from '../required.ts'
import { maxTextLength } from './input-fields.ts'

export const messageType = Message.implement({
  description: 'A message or note in a conversation.',
  interfaces: [Node],
  fields: t => ({
    conversation: t.field({
      type: Conversation,
      description: 'The conversation that the message belongs to.',
      resolve: ({ conversationId }, _, { loaders }) =>
        required(loaders.conversation.load(conversationId), conversationId),
    }),
    direction: t.expose('direction', {
      type: MessageDirection,
      description: 'Whether the message is inbound, outbound or a note.',
    }),
    status: t.field({
      type: MessageStatus,
      description: 'The current delivery status.',
      resolve: ({ status }) => wasRead(status),
    }),
    text: t.string({
      description: `The full plain text, up to ${maxTextLength}.`,
      extensions: { weight: 1, countsItself: true },
      resolve: (message, _, context) =>
        message.text == null
          ? readText(message, context)
          : counted(message.text, wasRead(message.textBytes), context.bytes),
    }),
    preview: t.string({
      description:
        'The beginning of the text on one line, at most 140 characters. It ends with "..." if it was cut.',
      resolve: ({ preview }) => wasRead(preview),
    }),
    author: t.field({
      type: Actor,
      nullable: true,
      description: 'The author; null for a note that the gateway wrote itself.',
      extensions: { needsWholeRow: true },
      resolve: ({ authorId }, _, context) => loadActor(context, wasRead(authorId)),
    }),
    warning: t.field({
      type: MessageWarning,
      nullable: true,
      description:
        'A reason to doubt who wrote the message. AUTHOR_NOT_VERIFIED takes precedence. Null if there is none; only inbound messages have one.',
      extensions: { needsWholeRow: true },
      resolve: async ({ direction, authorId, dmarcFailed, conversationId }, _, { loaders }) => {
        if (wasRead(dmarcFailed)) return 'AUTHOR_NOT_VERIFIED'
        if (direction !== 'INBOUND') return null
        const { contactId } = await required(loaders.conversation.load(conversationId), conversationId)
        return authorId === contactId ? null : 'AUTHOR_IS_NOT_CONTACT'
      },
    }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'When the message was added. It increases within a conversation.',
    }),
    sentAt: t.field({
      type: 'DateTime',
      nullable: true,
      extensions: { needsWholeRow: true },
      description:
        'When the mail server accepted the message; for a reply in a CHAT or API conversation, when it was added. Null if it was not sent. A later bounce does not clear it.',
      resolve: ({ sentAt }) => wasRead(sentAt),
    }),
    failureReason: t.string({
      nullable: true,
      extensions: { needsWholeRow: true },
      description: 'Why delivery failed, as text for display. Null unless `status` is FAILED.',
      resolve: ({ failureReason }) => wasRead(failureReason),
    }),
  }),
})

/** A text that was not read along. Its size is counted before it is read, and its escapes afterwards. */
async function readText(
  { id, ...message }: typeof Message.$inferType,
  { loaders, bytes }: Context,
): Promise<string> {
  const textBytes = wasRead(message.textBytes)
  bytes.take(textBytes)
  if (bytes.refused()) return ''
  const { text } = await required(loaders.messageText.load(id), id)
  bytes.take(bytesOf(text) - textBytes)
  return text
}

export const MessageConnection = builder.connectionObject(
  { type: Message, name: 'MessageConnection', description: 'A page of messages.' },
  { name: 'MessageEdge', description: 'A message and its cursor.' },
)
