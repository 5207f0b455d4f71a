import type { Said } from '../domain/message/once.ts'
import { builder } from './builder.ts'
import { type Context, forget } from './context.ts'
import { cursorField } from './cursor-field.ts'
import { Conversation, Message } from './refs.ts'
import { payload, type Refused, userErrorsField } from './user-error.ts'

/** What a mutation that says something answers with; all null when it was refused. */
export type SaidPayload = Partial<Said & { replayed: boolean }> & Refused

type Fields = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, SaidPayload>

/** The fields that all these payloads have. */
export const saidFields = (t: Fields) => ({
  conversation: t.expose('conversation', {
    type: Conversation,
    nullable: true,
    description: 'The conversation it was said in, as it is now; null when it was refused.',
  }),
  message: t.expose('message', {
    type: Message,
    nullable: true,
    description:
      'The message; one that is mailed after a first attempt to deliver it, or 2 seconds of waiting for one. Null when it was refused.',
  }),
  cursor: cursorField(t),
  replayed: t.exposeBoolean('replayed', {
    nullable: true,
    description:
      'Whether this repeats the answer to an equal request before and changed nothing; null when it was refused.',
  }),
  userErrors: userErrorsField(t),
})

/** The payload of a mutation that says something in a conversation that there is already. */
export const saidPayload = (name: string, description: string) =>
  builder.objectRef<SaidPayload>(name).implement({ description, fields: saidFields })

/** The input field by which a request can be repeated. */
export const keyField = (
  t: PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>,
) =>
  t.string({
    description:
      'Makes it safe to ask again: within 24 hours an equal request with the same key, 1 to 255 printable ASCII characters, changes nothing and answers the same.',
  })

/** Says something, waits for a first attempt to deliver it, and lets the rest of the answer see the result. */
export const said = (
  context: Context,
  say: () => Promise<Said & { replayed: boolean }>,
): Promise<SaidPayload> =>
  payload(async () => {
    const result = await say()
    const { conversation, message, contact } = result
    if (message.status === 'QUEUED') await context.outbox.deliver(context.actor.workspaceId, message.id)
    forget(context)
    context.loaders.conversation.prime(conversation.id, conversation)
    if (contact) context.loaders.contact.prime(contact.id, contact)
    // It is committed: nothing that goes wrong from here on may make the caller try again.
    const now = await context.loaders.message.load(message.id).catch(() => message)
    return { ...result, message: now ?? message }
  })
