import { channelFor } from '../domain/channel/rows.ts'
import { receive } from '../domain/conversation/receive.ts'
import { conversationsByIds } from '../domain/conversation/rows.ts'
import { refusal } from '../domain/errors.ts'
import { address, parse, RequestName } from '../domain/input.ts'
import { conversationOfMails, messageSentAs } from '../domain/message/mails.ts'
import { handedIn, keyed } from '../domain/message/once.ts'
import { type Message, messagesByIds } from '../domain/message/rows.ts'
import { bounce } from '../domain/message/settle.ts'
import type { Operation } from '../domain/operation.ts'
import type { ReadMail } from './read-mail.ts'
import type { Reader } from './reader.ts'
import { conversationsOf } from './reply-address.ts'

/** What a mail came to: the message it has become, or the one of ours that it says has failed. */
export type Taken = { message: Message; replayed: boolean; bounced: boolean }

export type InboundOptions = { reader: Reader; replyDomain: string | null }

/**
 * Takes a mail in. The same mail a second time changes nothing and answers the same. It belongs to the conversation whose
 * address it was sent to, or else to that of a mail it answers, or else opens one.
 *
 * @param key what the request is named by, if it is; the mail itself is a name already
 * @throws Refusal INVALID_INPUT for what is no mail, or one that nobody could answer; IDEMPOTENCY_MISMATCH; UNAVAILABLE
 */
export async function takeMail(
  operation: Operation,
  raw: Uint8Array,
  { reader, replyDomain }: InboundOptions,
  key: string | null = null,
): Promise<Taken> {
  const { idempotencyKey } = parse(RequestName, { idempotencyKey: key })
  const mail = await reader.read(raw)
  if (mail === null) throw refusal('INVALID_INPUT', 'The mail cannot be read.')
  return (await takeBounce(operation, mail)) ?? takeMessage(operation, mail, replyDomain, idempotencyKey)
}

async function takeBounce(operation: Operation, mail: ReadMail): Promise<Taken | null> {
  const { db, actor } = operation
  if (mail.bounce === null) return null
  const sent = await messageSentAs(db, actor.workspaceId, mail.bounce.mailIds)
  if (sent === null) return null
  const changed = await bounce(operation, sent, mail.bounce.reason)
  const [message] = await messagesByIds(db, actor.workspaceId, [sent.id])
  if (!message) throw new Error(`The message ${sent.id} is gone.`)
  return { message, replayed: !changed, bounced: true }
}

async function takeMessage(
  operation: Operation,
  mail: ReadMail,
  replyDomain: string | null,
  key: string | null,
): Promise<Taken> {
  const { workspaceId } = operation.actor
  const sender = address.safeParse(mail.from?.address).data
  if (sender === undefined)
    throw refusal('INVALID_INPUT', 'The mail has no sender that could be answered: see its From.')
  const conversationId = await conversationFor(operation, mail, replyDomain)
  const { message, replayed } = await receive(operation, {
    source: 'EMAIL',
    text: textOf(mail.text, mail.attachments),
    conversationId,
    author: { email: sender, name: mail.from?.name ?? null },
    subject: mail.subject,
    channelId: (await channelFor(operation.db, workspaceId, mail.recipients))?.id ?? null,
    requests: [keyed('receiveMail', key, { mail: mail.digest }), handedIn('mail', mail.digest)],
    automatic: mail.isAutomatic,
    mailId: mail.messageId,
  })
  return { message, replayed, bounced: false }
}

async function conversationFor(
  { db, actor: { workspaceId } }: Operation,
  { recipients, references }: ReadMail,
  replyDomain: string | null,
): Promise<string | null> {
  const ids = conversationsOf(recipients, replyDomain)
  const addressed = ids.length === 0 ? [] : await conversationsByIds(db, workspaceId, ids)
  const first = ids.find(id => addressed.some(conversation => conversation.id === id))
  return first ?? conversationOfMails(db, workspaceId, references)
}

const most = 100_000
const mark = '[truncated]'

/** The text and what was attached to it, cut to what a message can hold. */
function textOf(written: string, attachments: string[]): string {
  const tail = cut(attachments.join('\n'), most / 10)
  const text = cut(written, tail === '' ? most : most - tail.length - 2)
  return [text, tail].filter(part => part !== '').join('\n\n') || '[no text]'
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  const characters = [...text.slice(0, 2 * limit)]
  return characters.length <= limit ? text : characters.slice(0, limit - mark.length).join('') + mark
}
