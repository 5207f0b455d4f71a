import type { ParsedMail, StructuredHeader } from 'mailparser'

/**
 * A report that a mail could not be delivered: the Message-IDs that it names, most certain first, and the reason. Anybody
 * can write one.
 */
export type Bounce = { mailIds: string[]; reason: string }

/**
 * Reads a report that a mail has failed for good: the standard kind (RFC 3464), or the plain text of older mail
 * systems. Returns null for a report that a mail is late or has arrived, and for what a person writes.
 */
export function bounceOf(mail: ParsedMail, text: string, isFromNobody: boolean): Bounce | null {
  const status = mail.attachments.find(part => /^message\/(global-)?delivery-status$/.test(part.contentType))
  const fields = fieldsOf(status?.content.toString() ?? '')
  const isFailure = isReport(mail)
    ? fields.get('action')?.toLowerCase() === 'failed'
    : isFromNobody && isFromMailSystem(mail) && failed.test(text) && !late.test(text)
  return isFailure ? { mailIds: returnedIds(mail, text), reason: reasonOf(fields, text) } : null
}

/** The Message-IDs of the mail that a report is about: those in its parts and its text, then its In-Reply-To. */
export function returnedIds(mail: ParsedMail, text: string): string[] {
  const parts = mail.attachments
    .filter(({ contentType }) => /^(message\/(global|rfc822)|text\/)/.test(contentType))
    .map(({ content }) => content.toString('latin1', 0, 65_536))
  const ids = [...parts, text].flatMap(each =>
    [...each.matchAll(/^[ \t>]{0,20}Message-ID:\s{0,20}(<[^<>\s]{1,998}>)/gim)].map(match => match[1] ?? ''),
  )
  return [...new Set([...ids, ...(mail.inReplyTo ? [mail.inReplyTo] : [])])].slice(0, 20)
}

/** Whether the mail has the standard form of a report about a delivery. */
export function isReport({ headers }: ParsedMail): boolean {
  const { value, params } = (headers.get('content-type') ?? {}) as Partial<StructuredHeader>
  return value === 'multipart/report' && params?.['report-type']?.toLowerCase() === 'delivery-status'
}

const isFromMailSystem = ({ from }: ParsedMail) =>
  /^(mailer-daemon|postmaster)@/i.test(from?.value[0]?.address ?? '')

const failed = /\b(fail(ed|ure)?|undeliver|permanent|could(n't| not)|cannot|wasn't able|unable)\b/i
const late = /\b(delayed|warning|will be (re)?tried|keep trying|not yet)\b/i

/** The fields of the first recipient that failed, else of the first recipient. Folded lines are joined. */
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

/** In quotation marks, which what is quoted cannot end. Marks that change the direction of text are left out too. */
function reasonOf(fields: Map<string, string>, text: string): string {
  const wording = fields.get('diagnostic-code')?.replace(/^[\w-]+\s*;\s*/, '') ?? fields.get('status') ?? text
  const folded = wording
    .toWellFormed()
    .replace(/[\p{Cf}"“”„‟«»]/gu, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  return `The mail came back: "${[...folded].slice(0, 500).join('')}"`
}
