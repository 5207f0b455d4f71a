import type { SendMailOptions } from 'nodemailer'
import type { Claimed } from '../domain/message/delivery.ts'

/**
 * A message as a mail. Sender and recipient are one name and one address each, never a string, which would be split at
 * commas into several recipients; and no text can make the composer read a file or a URL into the mail.
 */
export function compose(message: Claimed, fallbackFrom: string): SendMailOptions {
  return {
    messageId: message.mailId,
    date: message.createdAt,
    from: { name: message.fromName ?? '', address: message.fromAddress ?? fallbackFrom },
    to: { name: message.toName ?? '', address: message.toAddress },
    subject: message.subject ?? message.preview,
    text: message.text,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}
