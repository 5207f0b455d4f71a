import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import { channelFor } from '../../domain/channel/rows.ts'
import { type Incoming, receive } from '../../domain/conversation/receive.ts'
import { conversationsByIds } from '../../domain/conversation/rows.ts'
import { bounce } from '../../domain/delivery/settle.ts'
import { refusal } from '../../domain/errors.ts'
import { clientKey, mailKey } from '../../domain/idempotency/key.ts'
import { address, IdempotencyKeyInput, parse } from '../../domain/input.ts'
import { maxTextCharacters } from '../../domain/limits.ts'
import { conversationOfMails, type MessagePlace, outboundMessage } from '../../domain/message/by-mail-id.ts'
import type { Message } from '../../domain/message/columns.ts'
import { messagesByIds } from '../../domain/message/rows.ts'
import type { Actor, Operation } from '../../domain/operation.ts'
import { mailSecret } from '../../domain/workspace/mail-secret.ts'
import { bounceAddressIn, isProven } from '../bounce-address.ts'
import { conversationsOf } from '../reply-address.ts'
import { hasLongHeaders } from './header-block.ts'
import type { InboundMail } from './parse.ts'
import type { MailParser } from './parser-pool.ts'

/** The result of taking in a mail: the message made from it, or our own message that it reports as failed. */
export type ReceivedMail = { message: Message; replayed: boolean; bounced: boolean }

export type InboundOptions = {
  parser: MailParser
  replyDomain: string | null
  /** Whether the mail is kept as it arrived. */
  keepsRaw: boolean
  /** Checks that the key has not ended while the mail arrived and was read. @throws Refusal UNAUTHENTICATED */
  confirm(actor: Actor): Promise<void>
}

/**
 * Takes in a mail. The same mail a second time changes nothing and gets the same result. A mail is added to the
 * conversation whose address it was sent to, else to the conversation of a mail it replies to, else to a new one. A
 * report that one of our mails came back is believed only at the address that this mail was sent from.
 *
 * @param raw the mail; it is given away and cannot be used afterwards
 * @param key the request's idempotency key; null: it has none. The mail itself is a key too
 * @throws Refusal INVALID_INPUT for a mail that cannot be parsed or has no sender to reply to; LIMIT_EXCEEDED for one
 * with headers of more than 128 KiB; UNAUTHENTICATED; IDEMPOTENCY_MISMATCH; UNAVAILABLE
 */
export async function receiveMail(
  operation: Operation,
  raw: Uint8Array,
  { parser, replyDomain, confirm, keepsRaw }: InboundOptions,
  key: string | null = null,
): Promise<ReceivedMail> {
  const { idempotencyKey } = parse(IdempotencyKeyInput, { idempotencyKey: key })
  if (hasLongHeaders(raw)) throw refusal('LIMIT_EXCEEDED', 'The headers of the mail have more than 128 KiB.')
  // The parser takes the bytes away, and a mail that it cannot read is worth keeping most.
  const rawMail = keepsRaw ? await compress(raw) : null
  const mail = await parser.parse(operation.actor.workspaceId, raw)
  if (mail === null) throw refusal('INVALID_INPUT', 'The mail cannot be read.')
  await confirm(operation.actor)
  const sent = await provenMessage(operation, mail, replyDomain)
  if (mail.bounce !== null && sent !== null) return receiveBounce(operation, sent, mail.bounce.reason)
  const conversationId = sent?.conversationId ?? (await conversationFor(operation, mail, replyDomain))
  return receiveAsMessage(operation, mail, { conversationId, key: idempotencyKey, rawMail })
}

/** The message whose address for reports the mail was sent to; null: none, or the address lacks the right proof. */
async function provenMessage(
  { db, actor: { workspaceId } }: Operation,
  { recipients }: InboundMail,
  replyDomain: string | null,
): Promise<MessagePlace | null> {
  const reportsTo = bounceAddressIn(recipients, replyDomain)
  if (reportsTo === null || !isProven(reportsTo, workspaceId, await mailSecret(db, workspaceId))) return null
  return outboundMessage(db, workspaceId, reportsTo.messageId)
}

async function receiveBounce(
  operation: Operation,
  sent: MessagePlace,
  reason: string,
): Promise<ReceivedMail> {
  const { db, actor } = operation
  const changed = await bounce(operation, sent, reason)
  const [message] = await messagesByIds(db, actor.workspaceId, [sent.id])
  if (!message) throw new Error(`The message ${sent.id} is gone.`)
  return { message, replayed: !changed, bounced: true }
}

async function receiveAsMessage(
  operation: Operation,
  mail: InboundMail,
  { conversationId, key, rawMail }: Pick<Incoming, 'conversationId' | 'rawMail'> & { key: string | null },
): Promise<ReceivedMail> {
  const { workspaceId } = operation.actor
  const sender = address.safeParse(mail.from?.address).data
  if (sender === undefined)
    throw refusal('INVALID_INPUT', 'The mail has no sender address to reply to. Check its From header.')
  const { message, replayed } = await receive(operation, {
    source: 'EMAIL',
    text: textOf(mail.text, mail.attachments),
    conversationId,
    author: { email: sender, name: mail.dmarcFailed ? null : (mail.from?.name ?? null) },
    subject: mail.subject,
    channelId: (await channelFor(operation.db, workspaceId, mail.recipients))?.id ?? null,
    keys: [clientKey('receiveMail', key, { mail: mail.digest }), mailKey(mail.digest)],
    isAutomatic: mail.isAutomatic,
    isReport: mail.isReport,
    dmarcFailed: mail.dmarcFailed,
    mailId: mail.messageId,
    rawMail,
  })
  return { message, replayed, bounced: false }
}

async function conversationFor(
  { db, actor: { workspaceId } }: Operation,
  { from, dmarcFailed, recipients, references, bounce }: InboundMail,
  replyDomain: string | null,
): Promise<string | null> {
  const ids = conversationsOf(recipients, replyDomain)
  const addressed = ids.length === 0 ? [] : await conversationsByIds(db, workspaceId, ids)
  const first = ids.find(id => addressed.some(conversation => conversation.id === id))
  const mailIds = [...(bounce?.mailIds ?? []), ...references]
  return first ?? conversationOfMails(db, workspaceId, mailIds, dmarcFailed ? null : (from?.address ?? null))
}

const compress = promisify(zstdCompress)

const maxAttachmentCharacters = maxTextCharacters / 10
const mark = '[truncated]'

/** The text and the list of attachments, cut to what a message can hold. */
function textOf(written: string, attachments: string[]): string {
  const tail = cut(attachments.join('\n'), maxAttachmentCharacters)
  const text = cut(written, tail === '' ? maxTextCharacters : maxTextCharacters - tail.length - 2)
  return [text, tail].filter(part => part !== '').join('\n\n') || '[no text]'
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  const characters = [...text.slice(0, 2 * limit)]
  return characters.length <= limit ? text : characters.slice(0, limit - mark.length).join('') + mark
}
