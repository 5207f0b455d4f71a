import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport, type SendMailOptions } from 'nodemailer'

/**
 * The result of handing a mail over. `accepted`: the server has it. `refused`: it will never take it. `later`: it does
 * not have it, and another attempt may succeed. `lost`: it has all of it, and its answer never came. `reason` is text
 * for display.
 */
export type Verdict =
  | { kind: 'accepted' }
  | { kind: 'refused'; reason: string }
  | { kind: 'later' | 'lost'; reason: string; error: unknown }

/** Hands over one mail. Never throws. `signal` breaks off the attempt. */
export type MailTransport = {
  send(mail: SendMailOptions, signal: AbortSignal): Promise<Verdict>
  close(): void
}

/**
 * Sends through an SMTP server. The timeouts are nodemailer's defaults: 10 minutes for an answer, as RFC 5321 (4.5.3.2)
 * recommends. The URL's query may set others, such as `?socketTimeout=60000`.
 */
export function smtpTransport(url: string): MailTransport {
  const transport = createTransport({ url })
  tellWhenHandedOver(transport)
  return {
    async send(mail, signal) {
      let handedOver = false
      const watched = { ...mail, signal, onHandedOver: () => (handedOver = true) }
      try {
        await transport.sendMail(watched)
        return { kind: 'accepted' }
      } catch (error) {
        return verdictOf(error as SMTPFailure, handedOver)
      }
    },
    close: () => transport.close(),
  }
}

/**
 * After a broken connection nodemailer does not tell whether the server has received the whole mail. It reads the mail
 * from this stream once the server has requested it (354), so the end of the stream tells.
 */
function tellWhenHandedOver(transport: ReturnType<typeof createTransport>): void {
  transport.use('stream', (mail, done) => {
    const { onHandedOver } = mail.data as { onHandedOver?: () => void }
    const create = mail.message.createReadStream.bind(mail.message)
    mail.message.createReadStream = options => {
      const stream = create(options)
      return onHandedOver ? stream.once('end', onHandedOver) : stream
    }
    done()
  })
}

/** Writes into a directory, one `.eml` file per mail. A file is complete as soon as it is there. */
export function fileTransport(directory: string): MailTransport {
  const composer = createTransport({ streamTransport: true, buffer: true })
  return {
    async send(mail) {
      try {
        const { message } = await composer.sendMail(mail)
        const name = `${mail.messageId?.replace(/[^\w@.-]/g, '')}.eml`
        await mkdir(directory, { recursive: true })
        await writeFile(join(directory, `.${name}`), message as Buffer)
        await rename(join(directory, `.${name}`), join(directory, name))
        return { kind: 'accepted' }
      } catch (error) {
        return { kind: 'later', reason: 'The mail could not be written to its file.', error }
      }
    },
    close: () => composer.close(),
  }
}

/** Replies that refuse us, not the mail (RFC 4954, 6). An operator can fix that. */
const refusesUs = [530, 534, 535, 538]

type SMTPFailure = { command?: string; responseCode?: number; response?: string; message?: string }

/** A 5xx reply to this sender, recipient or text will not change (RFC 5321, 4.2.1). */
function verdictOf(error: SMTPFailure, handedOver: boolean): Verdict {
  const { command = '', responseCode = 0 } = error
  const [response, message] = [shown(error.response), shown(error.message)]
  const ofThisMail = ['MAIL FROM', 'RCPT TO', 'DATA'].includes(command)
  if (ofThisMail && responseCode >= 500 && !refusesUs.includes(responseCode))
    return { kind: 'refused', reason: `The mail server refused it: ${response}` }
  if (responseCode > 0)
    return { kind: 'later', reason: `The mail server did not accept it: ${response}`, error }
  return handedOver
    ? { kind: 'lost', reason: `The mail server's answer was lost: ${message}`, error }
    : { kind: 'later', reason: `The mail server could not be reached: ${message}`, error }
}

/** A server's words as text that a message can hold. */
const shown = (text = '') =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .slice(0, 500)
