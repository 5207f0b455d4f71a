import { receiveMessage } from '../../../domain/conversation/receive-message.ts'
import { maxNameCharacters, maxSubjectCharacters } from '../../../domain/limits.ts'
import { builder } from '../builder.ts'
import { ConversationSource } from '../enums.ts'
import { Contact } from '../refs.ts'
import { required, wasRead } from '../required.ts'
import { contentTextField } from './input-fields.ts'
import { addMessage, type MessagePayload, messagePayloadFields } from './payload.ts'

const Input = builder.inputType('ReceiveMessageInput', {
  description:
    "A message from a contact. Give exactly one of `conversationId`, `contactId` and `email`, otherwise INVALID_INPUT. The one exception: `email` with `conversationId` names the author and does not change the conversation's contact.",
  fields: t => ({
    source: t.field({
      type: ConversationSource,
      required: true,
      description:
        'The source of the message and of the conversation it opens. An existing conversation keeps its own source.',
    }),
    contentText: contentTextField(t),
    conversationId: t.id({
      description:
        'The `thd_` id of an existing conversation to add the message to. NOT_FOUND if it is unknown.',
    }),
    contactId: t.id({
      description:
        'The `ctc_` id of the contact to open a new conversation with. NOT_FOUND if it is unknown.',
    }),
    email: t.string({
      description:
        "The author's email address. A contact is created if the address is new. Without `conversationId` it opens a new conversation.",
    }),
    name: t.string({
      description: `The author's name: one line of up to ${maxNameCharacters} characters, otherwise INVALID_INPUT. Used only with \`email\`; it is stored if the contact has no name yet and never replaces one.`,
    }),
    subject: t.string({
      description: `The subject of a new conversation: one line of up to ${maxSubjectCharacters} characters, otherwise INVALID_INPUT. Not used with \`conversationId\`.`,
    }),
    channelId: t.id({
      description:
        "The channel of a new conversation; not used with `conversationId`. It must serve `source` (for FORM also EMAIL), otherwise INVALID_INPUT; NOT_FOUND if it is unknown. Default: for EMAIL the workspace's oldest EMAIL channel, for other sources none.",
    }),
    externalId: t.string({
      description:
        "The sender's own id of this message, up to 255 characters. It is unique per workspace and `source` and never expires: a repeated id is a no-op and returns the first result.",
    }),
  }),
})

const Payload = builder.objectRef<MessagePayload>('ReceiveMessagePayload').implement({
  description: 'The result. On refusal only `userErrors` is set.',
  fields: t => ({
    ...messagePayloadFields(t, { isSent: false, repeatedBy: 'externalId' }),
    contact: t.field({
      type: Contact,
      nullable: true,
      description: 'The author, new or existing; null on refusal.',
      extensions: { needsWholeRow: true },
      resolve({ message }, _, { loaders }) {
        const id = message ? wasRead(message.authorId) : null
        return id === null ? null : required(loaders.contact.load(id), id)
      },
    }),
  }),
})

builder.mutationField('receiveMessage', t =>
  t.field({
    type: Payload,
    description:
      'Adds an inbound message to an existing conversation or opens a new one. The conversation becomes OPEN and unread; a repeated `externalId` is a no-op. `userErrors`: INVALID_INPUT, NOT_FOUND.',
    args: {
      input: t.arg({
        type: Input,
        required: true,
        description: 'The author, the conversation and the text.',
      }),
    },
    resolve: (_, { input }, context) => addMessage(context, input, () => receiveMessage(context, input)),
  }),
)
