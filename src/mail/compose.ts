import type { SendMailOptions } from 'nodemailer'
import type { Claimed } from '../domain/message/delivery.ts'
import { replyAddress } from './reply-address.ts'

/** Where mail comes from, and where answers to it go. */
export type Addresses = {
  /** The sender where no channel has an address. */
  from: string
  /** The domain whose mail is handed back to us; null: answers go to the sender and find their conversation by thread. */
  replyDomain: string | null
}

/**
 * A message as a mail. Sender and recipient are one name and one address each, never a string, which would be split at
 * commas into several recipients; and no text can make the composer read a file or a URL into the mail.
 */
export function compose(message: Claimed, { from, replyDomain }: Addresses): SendMailOptions {
  const name = message.fromName ?? ''
  return {
    messageId: message.mailId,
    date: message.createdAt,
    from: { name, address: message.fromAddress ?? from },
    to: { name: message.toName ?? '', address: message.toAddress },
    ...(replyDomain && {
      replyTo: { name, address: replyAddress(message.conversationId, replyDomain) },
    }),
    ...(message.inReplyTo !== null && { inReplyTo: message.inReplyTo, references: message.references }),
    subject: message.isReply ? answerTo(message.subject) : message.subject,
    text: message.text,
    html: toHtml(message.text),
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

const answerTo = (subject: string) => (/^re\s*:/i.test(subject) ? subject : `Re: ${subject}`)

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** The same text for readers that show HTML only: escaped, its lines and spaces kept. */
const toHtml = (text: string) =>
  `<div style="white-space: pre-wrap">${text.replace(/[&<>"]/g, character => entities[character] ?? '')}</div>`
