import { createConversation } from '../domain/conversation/create.ts'
import { builder } from './builder.ts'
import { forget } from './context.ts'
import { cursorField } from './cursor-field.ts'
import { Contact, Conversation, Message } from './refs.ts'
import { payload, type Refused, userErrorsField } from './user-error.ts'

const Input = builder.inputType('CreateConversationInput', {
  description: 'A first message to somebody outside.',
  fields: t => ({
    email: t.string({
      required: true,
      description: 'Whom to write to: one address. A new one makes a contact.',
    }),
    name: t.string({
      description: 'Up to 200 characters; fills an empty name of the contact, never overwrites one.',
    }),
    subject: t.string({ description: 'One line of up to 998 characters.' }),
    contentText: t.string({ required: true, description: 'Plain text, 1 to 100,000 characters.' }),
    channelId: t.id({ description: "The EMAIL channel it leaves by; left out: the workspace's oldest." }),
  }),
})

type Created = Partial<Awaited<ReturnType<typeof createConversation>>> & Refused

const Payload = builder.objectRef<Created>('CreateConversationPayload').implement({
  description: 'What came of it; all null when it was refused.',
  fields: t => ({
    conversation: t.expose('conversation', {
      type: Conversation,
      nullable: true,
      description: 'The new conversation.',
    }),
    contact: t.expose('contact', {
      type: Contact,
      nullable: true,
      description: 'Whom it is with: new, or the one who had the address already.',
    }),
    message: t.expose('message', {
      type: Message,
      nullable: true,
      description: 'The message, after a first attempt to deliver it or 2 seconds of waiting for one.',
    }),
    cursor: cursorField(t),
    userErrors: userErrorsField(t),
  }),
})

builder.mutationField('createConversation', t =>
  t.field({
    type: Payload,
    description: 'Opens a conversation and sends its first message by mail.',
    args: { input: t.arg({ type: Input, required: true, description: 'To whom, and what.' }) },
    resolve: (_, { input }, context) =>
      payload(async () => {
        const created = await createConversation(context, input)
        await context.outbox.deliver(context.actor.workspaceId, created.message.id)
        forget(context)
        context.loaders.conversation.prime(created.conversation.id, created.conversation)
        context.loaders.contact.prime(created.contact.id, created.contact)
        // It is committed: nothing that goes wrong from here on may make the caller try again.
        const message = await context.loaders.message.load(created.message.id).catch(() => created.message)
        return { ...created, message: message ?? created.message }
      }),
  }),
)
