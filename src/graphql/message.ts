import { Actor, loadActor } from './actor.ts'
import { builder } from './builder.ts'
import { MessageDirection, MessageStatus } from './enums.ts'
import { Node } from './node.ts'
import { present } from './present.ts'
import { Conversation, Message } from './refs.ts'

Message.implement({
  description: 'One text of a conversation.',
  interfaces: [Node],
  fields: t => ({
    conversation: t.field({
      type: Conversation,
      description: 'The thread it belongs to.',
      resolve: ({ conversationId }, _, { loaders }) =>
        present(loaders.conversation.load(conversationId), conversationId),
    }),
    direction: t.expose('direction', { type: MessageDirection, description: 'Which way it goes.' }),
    status: t.expose('status', { type: MessageStatus, description: 'What became of it so far.' }),
    text: t.exposeString('text', { description: 'All of it, as plain text; up to 100,000 characters.' }),
    preview: t.exposeString('preview', {
      description: 'Its beginning on one line, at most 140 characters; "..." where it was cut.',
    }),
    author: t.field({
      type: Actor,
      nullable: true,
      description: "Who wrote it. Null: the gateway's own note.",
      resolve: ({ authorId }, _, context) => loadActor(context, authorId),
    }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'When it was taken in; rises within a conversation.',
    }),
    sentAt: t.expose('sentAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the mail server accepted it; null while or where it did not.',
    }),
    failureReason: t.exposeString('failureReason', {
      nullable: true,
      description: 'Why it FAILED, in words fit to show; null in every other status.',
    }),
  }),
})

export const MessageConnection = builder.connectionObject(
  { type: Message, name: 'MessageConnection', description: 'A page of messages.' },
  { name: 'MessageEdge', description: 'A message and its place in the conversation.' },
)
