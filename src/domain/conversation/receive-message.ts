import { z } from 'zod'
import { source } from '../channel/sources.ts'
import { refusal } from '../errors.ts'
import { sourceKey } from '../idempotency/key.ts'
import { address, externalId, messageText, name, optionalId, parse, subject } from '../input.ts'
import type { Changed, Operation } from '../operation.ts'
import type { MessageResult } from './message-result.ts'
import { receive } from './receive.ts'

const Input = z.object({
  source,
  contentText: messageText,
  conversationId: optionalId,
  contactId: optionalId,
  email: address.nullish().transform(value => value ?? null),
  name,
  subject,
  channelId: optionalId,
  externalId,
})

/**
 * Adds a message from a contact, to the given conversation or to a new one with the given contact. The conversation
 * becomes OPEN and unread. A source's `externalId` is accepted once, for ever; a repeat returns the first result.
 *
 * @throws Refusal INVALID_INPUT; NOT_FOUND for the conversation, the contact or the channel
 */
export async function receiveMessage(
  operation: Operation,
  input: z.input<typeof Input>,
): Promise<Changed<MessageResult>> {
  const { externalId: id, contactId, email, name, contentText: text, ...given } = parse(Input, input)
  const named = [given.conversationId ?? email, contactId].filter(value => value !== null)
  if (named.length !== 1)
    throw refusal('INVALID_INPUT', 'Give exactly one of conversationId, contactId and email.')
  const byEmail = email === null ? null : { email, name }
  return receive(operation, {
    ...given,
    author: contactId === null ? byEmail : { id: contactId },
    text,
    keys: [sourceKey(given.source, id)],
    isAutomatic: false,
    isReport: false,
    dmarcFailed: false,
    mailId: null,
    rawMail: null,
  })
}
