import { assignConversation } from '../../../domain/conversation/assign.ts'
import type { ConversationResult } from '../../../domain/conversation/change-state.ts'
import { setConversationStatus } from '../../../domain/conversation/set-status.ts'
import { setConversationUnread } from '../../../domain/conversation/set-unread.ts'
import { refusal } from '../../../domain/errors.ts'
import type { Changed } from '../../../domain/operation.ts'
import { builder } from '../builder.ts'
import { type Context, clearLoaders } from '../context.ts'
import { ConversationStatus } from '../enums.ts'
import { cursorField, type Payload, payloadOf, userErrorsField } from '../payload.ts'
import { Conversation } from '../refs.ts'

type ConversationPayload = Payload<Changed<ConversationResult>>

const conversationPayload = (name: string) =>
  builder.objectRef<ConversationPayload>(name).implement({
    description: 'The result. On refusal only `userErrors` is set.',
    fields: t => ({
      conversation: t.expose('conversation', {
        type: Conversation,
        nullable: true,
        description: 'The conversation in its current state, also after a no-op; null on refusal.',
      }),
      cursor: cursorField(t),
      userErrors: userErrorsField(t),
    }),
  })

/** Changes a conversation, and lets the rest of the response see the result. */
const changeConversation = (
  context: Context,
  operation: () => Promise<Changed<ConversationResult>>,
): Promise<ConversationPayload> =>
  payloadOf(context, async () => {
    const result = await operation()
    clearLoaders(context)
    context.loaders.conversation.prime(result.conversation.id, result.conversation)
    return result
  })

const SetConversationStatusInput = builder.inputType('SetConversationStatusInput', {
  description: 'The conversation and its new status.',
  fields: t => ({
    conversationId: t.id({
      required: true,
      description: "The conversation's `thd_` id. NOT_FOUND if it is unknown.",
    }),
    status: t.field({
      type: ConversationStatus,
      required: true,
      description: 'The new status. Every transition is allowed.',
    }),
  }),
})

const AssignConversationInput = builder.inputType('AssignConversationInput', {
  description: 'The conversation and its new assignee.',
  fields: t => ({
    conversationId: t.id({
      required: true,
      description: "The conversation's `thd_` id. NOT_FOUND if it is unknown.",
    }),
    agentId: t.id({
      description:
        'The `agt_` id of the new assignee. Null removes the assignee. NOT_FOUND if it is unknown, INVALID_INPUT if the field is left out.',
    }),
  }),
})

const SetConversationUnreadInput = builder.inputType('SetConversationUnreadInput', {
  description: 'The conversation and its new read state.',
  fields: t => ({
    conversationId: t.id({
      required: true,
      description: "The conversation's `thd_` id. NOT_FOUND if it is unknown.",
    }),
    isUnread: t.boolean({
      required: true,
      description: '`true` marks the conversation as unread, `false` as read.',
    }),
  }),
})

builder.mutationFields(t => ({
  setConversationStatus: t.field({
    type: conversationPayload('SetConversationStatusPayload'),
    description:
      'Closes, reopens or archives a conversation. Setting the current status is a no-op. `userErrors`: NOT_FOUND.',
    args: {
      input: t.arg({
        type: SetConversationStatusInput,
        required: true,
        description: 'The conversation and the new value.',
      }),
    },
    resolve: (_, { input }, context) =>
      changeConversation(context, () => setConversationStatus(context, input)),
  }),
  assignConversation: t.field({
    type: conversationPayload('AssignConversationPayload'),
    description:
      'Assigns a conversation to an agent, or unassigns it. Assigning the current assignee is a no-op. `userErrors`: NOT_FOUND for the conversation or the agent, INVALID_INPUT if `agentId` is left out.',
    args: {
      input: t.arg({
        type: AssignConversationInput,
        required: true,
        description: 'The conversation and the new assignee.',
      }),
    },
    resolve: (_, { input: { conversationId, agentId } }, context) =>
      changeConversation(context, async () => {
        if (agentId === undefined)
          throw refusal('INVALID_INPUT', 'agentId must be given; null unassigns.', 'agentId')
        return assignConversation(context, { conversationId, agentId })
      }),
  }),
  setConversationUnread: t.field({
    type: conversationPayload('SetConversationUnreadPayload'),
    description:
      'Marks a conversation as read or unread. Setting the current state is a no-op. `userErrors`: NOT_FOUND.',
    args: {
      input: t.arg({
        type: SetConversationUnreadInput,
        required: true,
        description: 'The conversation and the new value.',
      }),
    },
    resolve: (_, { input }, context) =>
      changeConversation(context, () => setConversationUnread(context, input)),
  }),
}))
