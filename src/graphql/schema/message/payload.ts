import type { MessageResult } from '../../../domain/conversation/message-result.ts'
import type { MessageAlong } from '../../../domain/message/columns.ts'
import type { Changed } from '../../../domain/operation.ts'
import { builder, type Fields } from '../builder.ts'
import { type Context, clearLoaders } from '../context.ts'
import { cursorField, type Payload, payloadOf, userErrorsField } from '../payload.ts'
import { Conversation, Message } from '../refs.ts'

/** The payload of a mutation that adds a message, which has been read again with the columns that are selected. */
export type MessagePayload = Payload<Omit<Changed<MessageResult>, 'message'> & { message: MessageAlong }>

type PayloadWords = {
  /** Whether the message is sent by email. */
  isSent: boolean
  /** The input field that makes the request safe to repeat. */
  repeatedBy: 'idempotencyKey' | 'externalId'
}

const waits = ' If it is sent by email, the response waits up to 2 seconds for the first delivery attempt.'

/** The fields that all these payloads have. */
export const messagePayloadFields = (t: Fields<MessagePayload>, { isSent, repeatedBy }: PayloadWords) => ({
  conversation: t.expose('conversation', {
    type: Conversation,
    nullable: true,
    description: 'The conversation in its current state; null on refusal.',
  }),
  message: t.expose('message', {
    type: Message,
    nullable: true,
    description: `The message; null on refusal.${isSent ? waits : ''}`,
  }),
  cursor: cursorField(t, repeatedBy),
  replayed: t.exposeBoolean('replayed', {
    nullable: true,
    description: `\`true\` if this repeats an earlier request with the same \`${repeatedBy}\`: nothing changed, and the earlier result is returned. Null on refusal.`,
  }),
  userErrors: userErrorsField(t),
})

/** The payload type of a mutation that adds a message to an existing conversation. */
export const messagePayload = (name: string, words: PayloadWords) =>
  builder.objectRef<MessagePayload>(name).implement({
    description: 'The result. On refusal only `userErrors` is set.',
    fields: t => messagePayloadFields(t, words),
  })

/** Adds a message, waits for its first delivery attempt, and lets the rest of the response see the result. */
export const addMessage = (
  context: Context,
  { contentText }: { contentText: string },
  operation: () => Promise<Changed<MessageResult>>,
): Promise<MessagePayload> =>
  payloadOf(context, async () => {
    await context.text.spend(context.actor.workspaceId, Buffer.byteLength(contentText))
    const result = await operation()
    const { conversation, message, contact } = result
    if (message.status === 'QUEUED') await context.outbox.deliver(context.actor.workspaceId, message.id)
    clearLoaders(context)
    context.loaders.conversation.prime(conversation.id, conversation)
    if (contact) context.loaders.contact.prime(contact.id, contact)
    // The change is committed. From here on an error must not make the caller try again.
    const now = await context.loaders.message.load(message.id).catch(() => message)
    return { ...result, message: now ?? message }
  })
