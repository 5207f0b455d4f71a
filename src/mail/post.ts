import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport, type SendMailOptions } from 'nodemailer'

/** Hands one mail over. Resolves when it was accepted; what it throws says whether trying again can help. */
export type Post = { send(mail: SendMailOptions): Promise<void>; close(): void }

/** Posts through an SMTP server. Each step has its own limit; the whole attempt has the outbox's. */
export function smtpPost(url: string): Post {
  const transport = createTransport({
    url,
    dnsTimeout: 5_000,
    connectionTimeout: 5_000,
    greetingTimeout: 5_000,
    socketTimeout: 15_000,
  })
  return {
    async send(mail) {
      await transport.sendMail(mail)
    },
    close: () => transport.close(),
  }
}

/** Posts into a directory, one `.eml` file a mail, complete from the moment it is there. */
export function filePost(directory: string): Post {
  const composer = createTransport({ streamTransport: true, buffer: true })
  return {
    async send(mail) {
      const { message } = await composer.sendMail(mail)
      const name = `${mail.messageId?.replace(/[^\w@.-]/g, '')}.eml`
      await mkdir(directory, { recursive: true })
      await writeFile(join(directory, `.${name}`), message as Buffer)
      await rename(join(directory, `.${name}`), join(directory, name))
    },
    close: () => composer.close(),
  }
}

/** The replies by which a server refuses us, not the mail (RFC 4954, 6): an operator can mend that. */
const refusesUs = [530, 534, 535, 538]

/**
 * The server's own words for a refusal of this recipient or this text that will not change (RFC 5321, 4.2.1: a 5xx
 * reply); null: another attempt may succeed.
 */
export function permanentFailure(error: unknown): string | null {
  const { command, responseCode = 0, response } = error as SMTPFailure
  const ofThisMail = command === 'RCPT TO' || command === 'DATA'
  if (!ofThisMail || responseCode < 500 || refusesUs.includes(responseCode)) return null
  return `The mail server refused it: ${response}`
}

type SMTPFailure = { command?: string; responseCode?: number; response?: string }
