import type { Contact } from '../contact/rows.ts'
import type { IdempotencyKey } from '../idempotency/key.ts'
import type { Message } from '../message/columns.ts'
import { messagesByIds } from '../message/rows.ts'
import type { Repeatable } from '../operation.ts'
import { type Conversation, conversationsByIds } from './rows.ts'

/** The result of an operation that adds a message. */
export type MessageResult = {
  conversation: Conversation
  message: Message
  /** The recipient or the author, if the operation has loaded it. */
  contact?: Contact
}

/** Makes an operation that adds a message repeatable by these keys; null: no such key was given. */
export const repeatableBy = (...keys: (IdempotencyKey | null)[]): Repeatable<MessageResult> => ({
  keys: keys.filter(key => key !== null),
  idsOf: ({ conversation, message }) => [conversation.id, message.id],
  async read(writer, workspaceId, [conversationId = '', messageId = '']) {
    const [conversation] = await conversationsByIds(writer, workspaceId, [conversationId])
    const [message] = await messagesByIds(writer, workspaceId, [messageId])
    if (!conversation || !message) throw new Error(`The result ${conversationId} ${messageId} is gone.`)
    return { conversation, message }
  },
})
