import type { Conversation as ConversationRow } from '../../../domain/conversation/rows.ts'
import {
  type ManyResult,
  maxConversationsAtOnce,
  updateConversations,
} from '../../../domain/conversation/update-many.ts'
import type { Changed } from '../../../domain/operation.ts'
import { builder } from '../builder.ts'
import { clearLoaders } from '../context.ts'
import { ConversationStatus } from '../enums.ts'
import { idempotencyKeyField } from '../message/input-fields.ts'
import { cursorField, type Payload, payloadOf, type UserErrorRow, userErrorsField } from '../payload.ts'
import { Conversation } from '../refs.ts'
import type { Arguments, FieldAbove } from '../weight.ts'

type Result = { conversation: ConversationRow | null; userErrors: UserErrorRow[] }

const UpdateConversationsResult = builder.objectRef<Result>('UpdateConversationsResult').implement({
  description: 'What became of one conversation.',
  fields: t => ({
    conversation: t.expose('conversation', {
      type: Conversation,
      nullable: true,
      description:
        'The conversation in its current state, also if nothing changed; null if it was not found.',
    }),
    userErrors: userErrorsField(t),
  }),
})

const resultOf = (conversation: ConversationRow | null, place: number): Result => ({
  conversation,
  userErrors: conversation
    ? []
    : [{ code: 'NOT_FOUND', message: 'Conversation not found.', path: ['conversationIds', `${place}`] }],
})

/** The ids of the mutation, or as many as there may be if they are not valid. */
function idsOf({ args }: FieldAbove): number {
  const { conversationIds } = (args.input ?? {}) as Arguments
  return Array.isArray(conversationIds) ? Math.min(conversationIds.length, maxConversationsAtOnce) : 1
}

const UpdateConversationsPayload = builder
  .objectRef<Payload<Changed<ManyResult>>>('UpdateConversationsPayload')
  .implement({
    description: 'The results. On refusal `results` is empty.',
    fields: t => ({
      results: t.field({
        type: [UpdateConversationsResult],
        description: 'One result for each of `conversationIds`, in the same order.',
        extensions: { length: (_: Arguments, above: FieldAbove) => idsOf(above) },
        resolve: ({ conversations }) => conversations?.map(resultOf) ?? [],
      }),
      cursor: cursorField(t, 'idempotencyKey'),
      replayed: t.exposeBoolean('replayed', {
        nullable: true,
        description:
          '`true` if this repeats an earlier request with the same `idempotencyKey`: nothing changed, and the conversations are as they are now. Null on refusal.',
      }),
      userErrors: userErrorsField(t),
    }),
  })

const UpdateConversationsInput = builder.inputType('UpdateConversationsInput', {
  description:
    'Conversations, and what to set on each. At least one of `status`, `agentId` and `isUnread` must be given.',
  fields: t => ({
    conversationIds: t.idList({
      required: true,
      description: `1 to ${maxConversationsAtOnce} \`thd_\` ids, none of them twice. One that is unknown is NOT_FOUND in its result, and the others are changed.`,
    }),
    status: t.field({ type: ConversationStatus, description: 'The new status. Null or left out: it stays.' }),
    agentId: t.id({
      description:
        'The `agt_` id of the new assignee. Null removes the assignee; left out: it stays. NOT_FOUND if it is unknown, INVALID_INPUT if the agent is deactivated; then nothing is changed.',
    }),
    isUnread: t.boolean({ description: 'The new read state. Null or left out: it stays.' }),
    idempotencyKey: idempotencyKeyField(t),
  }),
})

builder.mutationField('updateConversations', t =>
  t.field({
    type: UpdateConversationsPayload,
    description:
      'Sets the status, the assignee and the read state of up to 100 conversations in one change: either all that are found are changed or none. Each conversation has its own events, in the order of the ids. `userErrors`: INVALID_INPUT, NOT_FOUND for the agent, IDEMPOTENCY_MISMATCH.',
    args: {
      input: t.arg({
        type: UpdateConversationsInput,
        required: true,
        description: 'The conversations and the new values.',
      }),
    },
    resolve: (_, { input }, context) =>
      payloadOf(
        context,
        async () => {
          const result = await updateConversations(context, input)
          clearLoaders(context)
          for (const each of result.conversations) if (each) context.loaders.conversation.prime(each.id, each)
          return result
        },
        Math.min(Math.max(input.conversationIds.length, 1), maxConversationsAtOnce),
      ),
  }),
)
