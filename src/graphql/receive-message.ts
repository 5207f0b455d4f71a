import { receiveMessage } from '../domain/conversation/receive.ts'
import { builder } from './builder.ts'
import { ConversationSource } from './enums.ts'
import { present } from './present.ts'
import { Contact } from './refs.ts'
import { type SaidPayload, said, saidFields } from './said.ts'

const Input = builder.inputType('ReceiveMessageInput', {
  description:
    "A message that came from a contact. Exactly one of conversationId, contactId, email says where it goes; email beside conversationId names the author and never changes the conversation's contact. source, subject and channelId apply to a new conversation only.",
  fields: t => ({
    source: t.field({ type: ConversationSource, required: true, description: 'The way it came.' }),
    contentText: t.string({ required: true, description: 'Plain text, 1 to 100,000 characters.' }),
    conversationId: t.id({ description: 'The thd_ id of the conversation it continues.' }),
    contactId: t.id({ description: 'The ctc_ id of the contact with whom it opens a conversation.' }),
    email: t.string({
      description: 'The address of who wrote it; a new one makes a contact. Alone, it opens a conversation.',
    }),
    name: t.string({
      description: 'Up to 200 characters; fills an empty name of that contact, never overwrites one.',
    }),
    subject: t.string({ description: 'One line of up to 998 characters.' }),
    channelId: t.id({
      description:
        "A channel for this source, for a form also one for EMAIL; left out: for EMAIL the workspace's oldest, else none.",
    }),
    externalId: t.string({
      description:
        "The sender's own id of this message, up to 255 characters, unique per workspace and source, for ever; the same one is taken once.",
    }),
  }),
})

const Payload = builder.objectRef<SaidPayload>('ReceiveMessagePayload').implement({
  description: 'What came of it; all null when it was refused.',
  fields: t => ({
    ...saidFields(t),
    contact: t.field({
      type: Contact,
      nullable: true,
      description: 'Who wrote it: new, or known already; null when it was refused.',
      resolve: ({ message }, _, { loaders }) =>
        message?.authorId ? present(loaders.contact.load(message.authorId), message.authorId) : null,
    }),
  }),
})

builder.mutationField('receiveMessage', t =>
  t.field({
    type: Payload,
    description:
      'Takes a message that came in. It continues the conversation it names, which becomes OPEN and unread, or opens a new one.',
    args: { input: t.arg({ type: Input, required: true, description: 'From whom, where to, and what.' }) },
    resolve: (_, { input }, context) => said(context, () => receiveMessage(context, input)),
  }),
)
