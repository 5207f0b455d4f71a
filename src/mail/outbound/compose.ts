import type { SendMailOptions } from 'nodemailer'
import type { Claimed } from '../../domain/delivery/claim.ts'
import { bounceAddress } from '../bounce-address.ts'
import { replyAddress } from '../reply-address.ts'

/** The sender address of mail, and where replies go. */
export type Addresses = {
  /** The sender if no channel has an address. */
  from: string
  /**
   * The domain whose mail is handed to the gateway; null: replies go to the sender and find their conversation by
   * thread, and reports about mail are not believed.
   */
  replyDomain: string | null
}

/**
 * A message as a mail. Sender and recipient are one name and one address each, never a string, because a string is
 * split at commas into several recipients. No text can make the composer read a file or a URL into the mail.
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
      envelope: { from: reportsTo(message, replyDomain), to: [message.toAddress] },
    }),
    ...(message.inReplyTo !== null && { inReplyTo: message.inReplyTo, references: message.references }),
    subject: message.isReply ? replySubject(message.subject) : message.subject,
    text: message.text,
    html: toHtml(message.text),
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/** Mail systems send their reports to the sender of the envelope (RFC 5321, 4.4). */
const reportsTo = ({ workspaceId, id: messageId, mailSecret: secret }: Claimed, domain: string) =>
  bounceAddress({ workspaceId, messageId, secret }, domain)

const replySubject = (subject: string) => (/^re\s*:/i.test(subject) ? subject : `Re: ${subject}`)

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** The same text for readers that show only HTML. It is escaped and keeps its lines and spaces. */
const toHtml = (text: string) =>
  `<div style="white-space: pre-wrap">${text.replace(/[&<>"]/g, character => entities[character] ?? '')}</div>`
