import { createHash } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { type Attachment, type HeaderValue, type ParsedMail, simpleParser } from 'mailparser'
import { maxNameCharacters, maxSubjectCharacters } from '../../domain/limits.ts'
import { type Bounce, bounceOf, isReport, returnedIds } from './bounce.ts'
import { hasFailedDmarc } from './dmarc.ts'
import { textOfHtml } from './html-text.ts'
import { unquote } from './unquote.ts'

/** The content of a mail, without characters that a message cannot hold. */
export type InboundMail = {
  /** The first mailbox in From; null: there is none. */
  from: { address: string; name: string | null } | null
  /** The addresses that it was sent to or delivered to. */
  recipients: string[]
  subject: string | null
  /** The author's own text: the plain text, or the HTML as text, without the mail that it replies to. */
  text: string
  /** One line for each attachment. */
  attachments: string[]
  /** With the angle brackets; null: there is none. */
  messageId: string | null
  /** The Message-IDs that it replies to, nearest first, at most 50. */
  references: string[]
  /** Whether a machine wrote it (RFC 3834). */
  isAutomatic: boolean
  /** Whether the mail system reported that the sender address is not authentic. */
  dmarcFailed: boolean
  /** Whether it is a report about a delivery, also one that the mail is late or has arrived. */
  isReport: boolean
  /** The report that a mail could not be delivered; null: it is not such a report. Anybody can write one. */
  bounce: Bounce | null
  /** The same for the same mail, even if it is handed over twice in different ways. */
  digest: string
}

/**
 * Reads a mail (RFC 5322). Broken MIME, unknown charsets and missing headers are read as far as possible; null: the
 * parser fails.
 */
export async function parseMail(raw: Uint8Array): Promise<InboundMail | null> {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  const mail = await simpleParser(bytes, parserOptions).catch(() => null)
  if (mail === null) return null
  const text = textOf(mail)
  const sender = mail.from?.value.flatMap(({ group, ...mailbox }) => group ?? [mailbox])[0]
  const recipients = recipientsOf(mail)
  const messageId = idsIn(mail.messageId ?? '')[0] ?? null
  const bounce = bounceOf(mail, text, isFromNobody(mail))
  const from = sender?.address
    ? { address: ascii(sender.address), name: line(sender.name, maxNameCharacters) }
    : null
  return {
    from,
    recipients,
    subject: line(mail.subject ?? '', maxSubjectCharacters),
    text: isReply(mail, recipients) && !isForwarded(mail.subject ?? '', text) ? unquote(text) : text,
    attachments: mail.attachments.map(named),
    messageId,
    references: referencesOf(mail, text),
    isAutomatic: isAutomatic(mail),
    dmarcFailed: hasFailedDmarc(mail.headerLines, from?.address.split('@').at(-1) ?? ''),
    isReport: bounce !== null || isReport(mail),
    bounce,
    digest: digestOf([messageId ?? digestOf(raw), sender?.address, dateOf(mail), mail.subject, text]),
  }
}

/** The parser has no bound for the time that HTML takes, so it turns none into text. */
const parserOptions = {
  skipImageLinks: true,
  skipTextToHtml: true,
  keepDeliveryStatus: true,
  maxHtmlLengthToParse: 0,
}

/**
 * The HTML counts if there is no plain text, or only white space as some clients leave it beside the HTML. It also counts
 * where it is no alternative of the plain text but follows it. Then the parser reports that it has left it out.
 */
function textOf({ text = '', html, textConversionError }: ParsedMail): string {
  if (!html || (text.trim() !== '' && !textConversionError)) return cleaned(text)
  return cleaned(`${text}\n${textOfHtml(html)}`)
}

/** More than a message can hold, and little enough to search. */
const maxParsedCharacters = 1_000_000

const cleaned = (text: string) =>
  text.slice(0, maxParsedCharacters).replaceAll('\0', '').toWellFormed().replace(/\r\n?/g, '\n').trim()

/** A header as one line of text; null when nothing is left of it. */
function line(text: string, limit: number): string | null {
  const folded = text
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  return [...folded].slice(0, limit).join('') || null
}

/** The parser gives international domains in Unicode. Mail is sent to their ASCII form (RFC 5891). */
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

/** Whether the mail is a reply. A first mail quotes nothing of ours, even if it looks so. */
const isReply = ({ inReplyTo, references, subject = '' }: ParsedMail, recipients: string[]) =>
  Boolean(inReplyTo || references?.length) ||
  replySubjectPattern.test(subject) ||
  recipients.some(recipient => /\+(thd|msg)_\w+/.test(recipient))

const replySubjectPattern =
  /^\s*(re|aw|sv|vs|antw|odp|ynt|ref|rif|res|回复|答复|回覆|返信)(\[\d+\])?\s*[:：]/i

/** Whether the mail is forwarded. Then the part that looks like a quotation is the content. */
const isForwarded = (subject: string, text: string) =>
  forwardSubjectPattern.test(subject) || forwardMark.test(text)

const forwardSubjectPattern = /^\s*(fwd?|fw|wg|tr|rv|enc|i|vb|doorst)\s*:/i
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

/** Whether the return path is empty, as only in reports and automatic replies (RFC 5321, 4.5.5). */
const isFromNobody = ({ headerLines }: ParsedMail) =>
  headerLines.some(({ key, line }) => key === 'return-path' && /^[^:]*:\s*<\s*>\s*$/.test(line))

function named({ filename, contentType, size }: Attachment): string {
  // The parser's types say that this is text, but it is none for an empty Content-Type.
  const type = typeof contentType === 'string' ? contentType : ''
  const name = line(filename ?? '', 200) ?? line(type, 200) ?? 'unnamed'
  return `[attachment: ${name}, ${sizeOf(size)}]`
}

function sizeOf(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** The date as written in the mail. The parser replaces an invalid date by the time of reading. */
const dateOf = ({ headerLines }: ParsedMail) => headerLines.find(({ key }) => key === 'date')?.line ?? null

const digestOf = (value: unknown) =>
  createHash('sha256')
    .update(value instanceof Uint8Array ? value : JSON.stringify(value))
    .digest('hex')
