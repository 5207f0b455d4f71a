import { createHash } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { type Attachment, type HeaderValue, type ParsedMail, simpleParser } from 'mailparser'
import { type Bounce, bounceOf, returnedIds } from './bounce.ts'
import { unquote } from './unquote.ts'

/** What a mail says, with nothing in it that a message could not hold. */
export type ReadMail = {
  /** Of the first mailbox in From; null: it names none. */
  from: { address: string; name: string | null } | null
  /** Every address that it was sent to or delivered to. */
  recipients: string[]
  subject: string | null
  /** What its writer has written: the plain text, or the HTML as text, without the mail that it answers. */
  text: string
  /** One line for each attachment. */
  attachments: string[]
  /** With the angle brackets; null: it has none. */
  messageId: string | null
  /** The Message-IDs that it answers, nearest first, at most 50. */
  references: string[]
  /** No person wrote it (RFC 3834). */
  isAutomatic: boolean
  /** It reports that a mail could not be delivered; null: it does not. */
  bounce: Bounce | null
  /** The same for the same mail, also when it is handed over twice by different ways. */
  digest: string
}

/**
 * Reads a mail (RFC 5322). Broken MIME, unknown charsets and missing headers are read as far as they go; null: the parser
 * gives up on it.
 */
export async function readMail(raw: Uint8Array): Promise<ReadMail | null> {
  const options = { skipImageLinks: true, skipTextToHtml: true, keepDeliveryStatus: true }
  const mail = await simpleParser(Buffer.from(raw), options).catch(() => null)
  if (mail === null) return null
  const text = await textOf(mail)
  const sender = mail.from?.value.flatMap(({ group, ...mailbox }) => group ?? [mailbox])[0]
  const recipients = recipientsOf(mail)
  const messageId = idsIn(mail.messageId ?? '')[0] ?? null
  return {
    from: sender?.address ? { address: ascii(sender.address), name: line(sender.name, 200) } : null,
    recipients,
    subject: line(mail.subject ?? '', 998),
    text: isAnswer(mail, recipients) && !isForwarded(mail.subject ?? '', text) ? unquote(text) : text,
    attachments: mail.attachments.map(named),
    messageId,
    references: referencesOf(mail, text),
    isAutomatic: isAutomatic(mail),
    bounce: bounceOf(mail, text, isFromNobody(mail)),
    digest: digestOf([messageId ?? digestOf(raw), sender?.address, dateOf(mail), mail.subject, text]),
  }
}

/** Some write HTML and leave the plain text beside it empty; the parser turns HTML to text only where it is alone. */
async function textOf({ text = '', html }: ParsedMail): Promise<string> {
  if (text.trim() === '' && html) {
    const { text: read } = await simpleParser(`Content-Type: text/html; charset=utf-8\r\n\r\n${html}`)
    return cleaned(read ?? '')
  }
  return cleaned(text)
}

/** More than a message can hold, and little enough to be looked through. */
const most = 1_000_000

const cleaned = (text: string) =>
  text.slice(0, most).replaceAll('\0', '').toWellFormed().replace(/\r\n?/g, '\n').trim()

/** A header as one line of text; null when nothing is left of it. */
function line(text: string, limit: number): string | null {
  const folded = text
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  return [...folded].slice(0, limit).join('') || null
}

/** The parser shows international domains in Unicode; mail is sent to their ASCII form (RFC 5891). */
function ascii(address: string): string {
  const at = address.lastIndexOf('@')
  return `${address.slice(0, at)}@${domainToASCII(address.slice(at + 1)) || address.slice(at + 1)}`
}

const deliveredTo = ['to', 'cc', 'delivered-to', 'x-original-to', 'envelope-to', 'x-envelope-to']

function recipientsOf({ headers }: ParsedMail): string[] {
  const text = deliveredTo.map(name => textOfHeader(headers.get(name))).join(' ')
  return [...new Set(text.match(/[^\s<>,;:"()@]{1,64}@[^\s<>,;:"()@]{1,255}/g))].slice(0, 1_000)
}

const textOfHeader = (value: HeaderValue | undefined): string => {
  if (Array.isArray(value)) return value.map(textOfHeader).join(' ')
  if (typeof value === 'string') return value
  return value && 'text' in value ? String(value.text) : ''
}

function referencesOf(mail: ParsedMail, text: string): string[] {
  const { inReplyTo = '', references = [] } = mail
  const answered = [...idsIn(inReplyTo), ...idsIn([references].flat().join(' ')).reverse()]
  const ids = isOfType(mail, /^multipart\/report/) ? [...returnedIds(mail, text), ...answered] : answered
  return [...new Set(ids)].slice(0, 50)
}

const idsIn = (text: string): string[] => text.match(/<[\x21-\x3b\x3d\x3f-\x7e]{1,998}>/g) ?? []

/** A first mail quotes nothing of ours, whatever it looks like. */
const isAnswer = ({ inReplyTo, references, subject = '' }: ParsedMail, recipients: string[]) =>
  Boolean(inReplyTo || references?.length) ||
  answers.test(subject) ||
  recipients.some(recipient => /\+thd_\w+@/.test(recipient))

const answers = /^\s*(re|aw|sv|vs|antw|odp|ynt|ref|rif|res|回复|答复|回覆|返信)(\[\d+\])?\s*[:：]/i

/** What somebody passes on looks like a quotation, and is what it is about. */
const isForwarded = (subject: string, text: string) => forwards.test(subject) || forwardMark.test(text)

const forwards = /^\s*(fwd?|fw|wg|tr|rv|enc|i|vb|doorst)\s*:/i
const forwardMark =
  /^[ \t]{0,20}(-{2,20} ?(Forwarded message|Original Message Forwarded) ?-{2}|Begin forwarded message:)/im

function isAutomatic(mail: ParsedMail): boolean {
  const { headers } = mail
  const value = (name: string) => textOfHeader(headers.get(name)).trim().toLowerCase()
  const submitted = value('auto-submitted')
  return (
    (submitted !== '' && !/^no\b/.test(submitted)) ||
    isOfType(mail, /^multipart\/report/) ||
    value('precedence') === 'auto_reply' ||
    headers.has('x-autoreply') ||
    headers.has('x-autorespond') ||
    isFromNobody(mail)
  )
}

function isOfType({ headers }: ParsedMail, type: RegExp): boolean {
  const value = headers.get('content-type')
  return Boolean(value && typeof value === 'object' && 'value' in value && type.test(String(value.value)))
}

/** The empty return path, which only reports and answers of machines have (RFC 5321, 4.5.5). */
const isFromNobody = ({ headerLines }: ParsedMail) =>
  headerLines.some(({ key, line }) => key === 'return-path' && /^[^:]*:\s*<\s*>\s*$/.test(line))

function named({ filename, contentType, size }: Attachment): string {
  const name = line(filename ?? '', 200) ?? line(contentType, 200) ?? 'unnamed'
  return `[attachment: ${name}, ${sizeOf(size)}]`
}

function sizeOf(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** As it stands in the mail: one that is no date the parser replaces by the time of reading. */
const dateOf = ({ headerLines }: ParsedMail) => headerLines.find(({ key }) => key === 'date')?.line ?? null

const digestOf = (value: unknown) =>
  createHash('sha256')
    .update(value instanceof Uint8Array ? value : JSON.stringify(value))
    .digest('hex')
