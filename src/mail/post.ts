import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport, type SendMailOptions } from 'nodemailer'

/** Hands one mail over. Resolves when it was accepted; what it throws says whether trying again can help. */
export type Post = { send(mail: SendMailOptions): Promise<void>; close(): void }

/** Posts through an SMTP server, with time limits that stay inside a delivery's lease. */
export function smtpPost(url: string): Post {
  const transport = createTransport(url, {
    connectionTimeout: 8_000,
    greetingTimeout: 8_000,
    socketTimeout: 12_000,
  } as object)
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

/** The server's own words for a refusal that will not change (RFC 5321, 4.2.1: a 5xx reply); null: try again later. */
export function permanentFailure(error: unknown): string | null {
  const { responseCode, response } = error as { responseCode?: number; response?: string }
  return responseCode !== undefined && responseCode >= 500 ? `The mail server refused it: ${response}` : null
}
