import { createConversation } from '../../../domain/conversation/create.ts'
import { maxNameCharacters, maxSubjectCharacters } from '../../../domain/limits.ts'
import { builder } from '../builder.ts'
import { contentTextField, idempotencyKeyField } from '../message/input-fields.ts'
import { addMessage, type MessagePayload, messagePayloadFields } from '../message/payload.ts'
import { Contact } from '../refs.ts'
import { required } from '../required.ts'

const Input = builder.inputType('CreateConversationInput', {
  description: 'The recipient and first message of a new conversation.',
  fields: t => ({
    email: t.string({
      required: true,
      description:
        "The recipient's email address. A contact is created if the address is new. INVALID_INPUT if it is not exactly one address.",
    }),
    name: t.string({
      description: `The contact's name: one line of up to ${maxNameCharacters} characters, otherwise INVALID_INPUT. It is stored if the contact has no name yet and never replaces one.`,
    }),
    subject: t.string({
      description: `The subject: one line of up to ${maxSubjectCharacters} characters, otherwise INVALID_INPUT. If it is omitted, the email's subject is the beginning of the text.`,
    }),
    contentText: contentTextField(t),
    channelId: t.id({
      description:
        "The EMAIL channel to send from. Default: the workspace's oldest EMAIL channel, if any. NOT_FOUND if it is unknown, INVALID_INPUT if it is not an EMAIL channel.",
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
})

const Payload = builder.objectRef<MessagePayload>('CreateConversationPayload').implement({
  description: 'The result. On refusal only `userErrors` is set.',
  fields: t => ({
    ...messagePayloadFields(t, { isSent: true, repeatedBy: 'idempotencyKey' }),
    contact: t.field({
      type: Contact,
      nullable: true,
      description: 'The recipient, new or existing; null on refusal.',
      resolve: ({ conversation }, _, { loaders }) =>
        conversation ? required(loaders.contact.load(conversation.contactId), conversation.contactId) : null,
    }),
  }),
})

builder.mutationField('createConversation', t =>
  t.field({
    type: Payload,
    description:
      'Creates a conversation and sends its first message by email. The conversation is OPEN, read and unassigned. `userErrors`: INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_MISMATCH.',
    args: { input: t.arg({ type: Input, required: true, description: 'The recipient and the message.' }) },
    resolve: (_, { input }, context) => addMessage(context, input, () => createConversation(context, input)),
  }),
)
