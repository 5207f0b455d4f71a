import { assignConversation } from '../domain/conversation/assign.ts'
import type { Conversation as ConversationRow } from '../domain/conversation/rows.ts'
import { setConversationStatus } from '../domain/conversation/set-status.ts'
import { setConversationUnread } from '../domain/conversation/set-unread.ts'
import { refusal } from '../domain/errors.ts'
import { builder } from './builder.ts'
import { type Context, forget } from './context.ts'
import { cursorField } from './cursor-field.ts'
import { ConversationStatus } from './enums.ts'
import { Conversation } from './refs.ts'
import { payload, type Refused, userErrorsField } from './user-error.ts'

type Changed = { conversation?: ConversationRow; cursor?: string | null } & Refused

const changePayload = (name: string, description: string) =>
  builder.objectRef<Changed>(name).implement({
    description,
    fields: t => ({
      conversation: t.expose('conversation', {
        type: Conversation,
        nullable: true,
        description: 'As it is now, changed or not; null when the change was refused.',
      }),
      cursor: cursorField(t),
      userErrors: userErrorsField(t),
    }),
  })

/** Runs a change and lets the rest of the answer see its result. */
const changed = (
  context: Context,
  change: () => Promise<{ conversation: ConversationRow; cursor: string | null }>,
): Promise<Changed> =>
  payload(async () => {
    const result = await change()
    forget(context)
    context.loaders.conversation.prime(result.conversation.id, result.conversation)
    return result
  })

const SetConversationStatusInput = builder.inputType('SetConversationStatusInput', {
  description: 'Which conversation is to have which status.',
  fields: t => ({
    conversationId: t.id({ required: true, description: 'A thd_ id.' }),
    status: t.field({
      type: ConversationStatus,
      required: true,
      description: 'Any status may follow any other.',
    }),
  }),
})

const AssignConversationInput = builder.inputType('AssignConversationInput', {
  description: 'Which conversation is to belong to whom.',
  fields: t => ({
    conversationId: t.id({ required: true, description: 'A thd_ id.' }),
    agentId: t.id({
      description: 'Null unassigns. Leaving it out is an error, so that nobody unassigns by accident.',
    }),
  }),
})

const SetConversationUnreadInput = builder.inputType('SetConversationUnreadInput', {
  description: 'Which conversation is to be read or unread.',
  fields: t => ({
    conversationId: t.id({ required: true, description: 'A thd_ id.' }),
    isUnread: t.boolean({ required: true, description: 'true: something in it waits to be read.' }),
  }),
})

builder.mutationFields(t => ({
  setConversationStatus: t.field({
    type: changePayload('SetConversationStatusPayload', 'The conversation with its status.'),
    description: 'Closes, reopens or archives a conversation. The status it has already changes nothing.',
    args: { input: t.arg({ type: SetConversationStatusInput, required: true, description: 'What to set.' }) },
    resolve: (_, { input }, context) => changed(context, () => setConversationStatus(context, input)),
  }),
  assignConversation: t.field({
    type: changePayload('AssignConversationPayload', 'The conversation with its assignee.'),
    description: 'Gives a conversation to an agent, or to nobody. Whom it has already changes nothing.',
    args: {
      input: t.arg({ type: AssignConversationInput, required: true, description: 'Whom to give it to.' }),
    },
    resolve: (_, { input: { conversationId, agentId } }, context) =>
      changed(context, async () => {
        if (agentId === undefined)
          throw refusal('INVALID_INPUT', 'agentId must be given; null unassigns.', 'agentId')
        return assignConversation(context, { conversationId, agentId })
      }),
  }),
  setConversationUnread: t.field({
    type: changePayload('SetConversationUnreadPayload', 'The conversation with its read state.'),
    description: 'Marks a conversation as read or unread. The state it has already changes nothing.',
    args: {
      input: t.arg({ type: SetConversationUnreadInput, required: true, description: 'What to set.' }),
    },
    resolve: (_, { input }, context) => changed(context, () => setConversationUnread(context, input)),
  }),
}))
