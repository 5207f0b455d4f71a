import type { ParsedMail, StructuredHeader } from 'mailparser'

/** A report that a mail could not be delivered: which one, by the Message-IDs it may be, surest first, and why. */
export type Bounce = { mailIds: string[]; reason: string }

/**
 * Reads a report that a mail has failed for good: the standard kind (RFC 3464), and the plain text of mail systems that
 * are older. One that only says that a mail is late or has arrived is none, and neither is what a person writes.
 */
export function bounceOf(mail: ParsedMail, text: string, isFromNobody: boolean): Bounce | null {
  const status = mail.attachments.find(part => /^message\/(global-)?delivery-status$/.test(part.contentType))
  const fields = fieldsOf(status?.content.toString() ?? '')
  const isFailure = isReport(mail)
    ? fields.get('action')?.toLowerCase() === 'failed'
    : isFromNobody && isFromMailSystem(mail) && failed.test(text) && !late.test(text)
  const mailIds = returnedIds(mail, text)
  if (!isFailure || mailIds.length === 0) return null
  return { mailIds, reason: reasonOf(fields, text) }
}

/** The Message-IDs of the mail that a report is about: of what it returns, then of what it answers. */
export function returnedIds(mail: ParsedMail, text: string): string[] {
  const parts = mail.attachments
    .filter(({ contentType }) => /^(message\/(global|rfc822)|text\/)/.test(contentType))
    .map(({ content }) => content.toString('latin1', 0, 65_536))
  const ids = [...parts, text].flatMap(each =>
    [...each.matchAll(/^[ \t>]{0,20}Message-ID:\s{0,20}(<[^<>\s]{1,998}>)/gim)].map(match => match[1] ?? ''),
  )
  return [...new Set([...ids, ...(mail.inReplyTo ? [mail.inReplyTo] : [])])].slice(0, 20)
}

function isReport({ headers }: ParsedMail): boolean {
  const { value, params } = (headers.get('content-type') ?? {}) as Partial<StructuredHeader>
  return value === 'multipart/report' && params?.['report-type']?.toLowerCase() === 'delivery-status'
}

const isFromMailSystem = ({ from }: ParsedMail) =>
  /^(mailer-daemon|postmaster)@/i.test(from?.value[0]?.address ?? '')

const failed = /\b(fail(ed|ure)?|undeliver|permanent|could(n't| not)|cannot|wasn't able|unable)\b/i
const late = /\b(delayed|warning|will be (re)?tried|keep trying|not yet)\b/i

/** The fields of the first recipient that has failed, or of the first; folded lines joined. */
function fieldsOf(report: string): Map<string, string> {
  const groups = report
    .replace(/\r\n?/g, '\n')
    .replace(/\n[ \t]+/g, ' ')
    .split(/\n{2,}/)
    .map(group => new Map([...group.matchAll(/^([\w-]+):[ \t]*(.*)$/gm)].map(fieldOf)))
    .filter(group => group.has('action'))
  return groups.find(group => group.get('action')?.toLowerCase() === 'failed') ?? groups[0] ?? new Map()
}

const fieldOf = ([, name = '', value = '']: RegExpMatchArray) => [name.toLowerCase(), value.trim()] as const

function reasonOf(fields: Map<string, string>, text: string): string {
  const said = fields.get('diagnostic-code')?.replace(/^[\w-]+\s*;\s*/, '') ?? fields.get('status') ?? text
  const folded = said
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  return `The mail came back: ${[...folded].slice(0, 500).join('')}`
}
