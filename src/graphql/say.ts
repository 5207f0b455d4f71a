import { addNote } from '../domain/conversation/add-note.ts'
import { replyToConversation } from '../domain/conversation/reply.ts'
import { builder } from './builder.ts'
import { keyField, said, saidPayload } from './said.ts'

const ReplyInput = builder.inputType('ReplyToConversationInput', {
  description: 'An answer to the contact of a conversation.',
  fields: t => ({
    conversationId: t.id({ required: true, description: 'A thd_ id.' }),
    contentText: t.string({ required: true, description: 'Plain text, 1 to 100,000 characters.' }),
    idempotencyKey: keyField(t),
  }),
})

const NoteInput = builder.inputType('AddNoteInput', {
  description: 'A note for the team.',
  fields: t => ({
    conversationId: t.id({ required: true, description: 'A thd_ id.' }),
    contentText: t.string({ required: true, description: 'Plain text, 1 to 100,000 characters.' }),
    idempotencyKey: keyField(t),
  }),
})

builder.mutationFields(t => ({
  replyToConversation: t.field({
    type: saidPayload('ReplyToConversationPayload', 'The reply and its conversation.'),
    description:
      'Answers the contact: by mail in a conversation of EMAIL or FORM; in one of CHAT or API it is SENT at once, and whoever serves the channel delivers it. The conversation becomes read and keeps its status.',
    args: { input: t.arg({ type: ReplyInput, required: true, description: 'Where, and what.' }) },
    resolve: (_, { input }, context) => said(context, () => replyToConversation(context, input)),
  }),
  addNote: t.field({
    type: saidPayload('AddNotePayload', 'The note and its conversation.'),
    description:
      "Adds a note that only the team sees. The conversation's status, read state, preview and place in lists stay as they are.",
    args: { input: t.arg({ type: NoteInput, required: true, description: 'Where, and what.' }) },
    resolve: (_, { input }, context) => said(context, () => addNote(context, input)),
  }),
}))
