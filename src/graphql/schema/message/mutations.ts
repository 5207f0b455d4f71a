import { addNote } from '../../../domain/conversation/add-note.ts'
import { replyToConversation } from '../../../domain/conversation/reply.ts'
import { builder } from '../builder.ts'
import { contentTextField, idempotencyKeyField } from './input-fields.ts'
import { addMessage, messagePayload } from './payload.ts'

const ReplyInput = builder.inputType('ReplyToConversationInput', {
  description: 'A reply to the contact of a conversation.',
  fields: t => ({
    conversationId: t.id({
      required: true,
      description: "The conversation's `thd_` id. NOT_FOUND if it is unknown.",
    }),
    contentText: contentTextField(t),
    idempotencyKey: idempotencyKeyField(t),
  }),
})

const NoteInput = builder.inputType('AddNoteInput', {
  description: 'An internal note for the team.',
  fields: t => ({
    conversationId: t.id({
      required: true,
      description: "The conversation's `thd_` id. NOT_FOUND if it is unknown.",
    }),
    contentText: contentTextField(t),
    idempotencyKey: idempotencyKeyField(t),
  }),
})

builder.mutationFields(t => ({
  replyToConversation: t.field({
    type: messagePayload('ReplyToConversationPayload', { isSent: true, repeatedBy: 'idempotencyKey' }),
    description:
      'Replies to the contact and marks the conversation as read; its status does not change. In EMAIL and FORM conversations the reply is sent by email; in CHAT and API conversations it is SENT at once, and your integration delivers it. `userErrors`: INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_MISMATCH.',
    args: {
      input: t.arg({ type: ReplyInput, required: true, description: 'The conversation and the text.' }),
    },
    resolve: (_, { input }, context) => addMessage(context, input, () => replyToConversation(context, input)),
  }),
  addNote: t.field({
    type: messagePayload('AddNotePayload', { isSent: false, repeatedBy: 'idempotencyKey' }),
    description:
      "Adds an internal note, which is never sent to the contact. The conversation's status, read state, preview and position in lists do not change. `userErrors`: INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_MISMATCH.",
    args: {
      input: t.arg({ type: NoteInput, required: true, description: 'The conversation and the text.' }),
    },
    resolve: (_, { input }, context) => addMessage(context, input, () => addNote(context, input)),
  }),
}))
