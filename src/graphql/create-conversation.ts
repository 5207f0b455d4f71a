import { createConversation } from '../domain/conversation/create.ts'
import { builder } from './builder.ts'
import { present } from './present.ts'
import { Contact } from './refs.ts'
import { keyField, type SaidPayload, said, saidFields } from './said.ts'

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
    idempotencyKey: keyField(t),
  }),
})

const Payload = builder.objectRef<SaidPayload>('CreateConversationPayload').implement({
  description: 'What came of it; all null when it was refused.',
  fields: t => ({
    ...saidFields(t),
    contact: t.field({
      type: Contact,
      nullable: true,
      description: 'Whom it is with: new, or the one who had the address already.',
      resolve: ({ conversation }, _, { loaders }) =>
        conversation ? present(loaders.contact.load(conversation.contactId), conversation.contactId) : null,
    }),
  }),
})

builder.mutationField('createConversation', t =>
  t.field({
    type: Payload,
    description: 'Opens a conversation and sends its first message by mail.',
    args: { input: t.arg({ type: Input, required: true, description: 'To whom, and what.' }) },
    resolve: (_, { input }, context) => said(context, () => createConversation(context, input)),
  }),
)
