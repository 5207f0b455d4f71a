import type { ParsedMail } from 'mailparser'

/** A report that a mail could not be delivered: which one, by the Message-IDs it may be, and why, in words fit to show. */
export type Bounce = { mailIds: string[]; reason: string }

/**
 * Reads a delivery report: the standard kind (RFC 3464), and the plain text of mail systems that are older. One that only
 * says that a mail is late, or has arrived, is none.
 */
export function bounceOf(mail: ParsedMail, text: string): Bounce | null {
  const parts = mail.attachments.filter(({ contentType }) => /^(message|text)\//.test(contentType))
  const status = parts.find(({ contentType }) => /^message\/(global-)?delivery-status$/.test(contentType))
  if (!status && !isFromMailSystem(mail)) return null
  const fields = status ? fieldsOf(status.content.toString()) : new Map<string, string>()
  if (status && fields.get('action')?.toLowerCase() !== 'failed') return null
  const returned = parts
    .filter(part => part !== status)
    .map(part => part.content.toString('latin1', 0, 65_536))
  const mailIds = [text, ...returned].flatMap(each =>
    [...each.matchAll(/^[ \t>]{0,20}Message-ID:\s{0,20}(<[^<>\s]{1,998}>)/gim)].map(match => match[1] ?? ''),
  )
  const answers = [mail.inReplyTo ?? '', ...[mail.references ?? []].flat()].filter(id => id !== '')
  return { mailIds: [...new Set([...mailIds, ...answers])].slice(0, 50), reason: reasonOf(fields, text) }
}

const isFromMailSystem = ({ from }: ParsedMail) =>
  /^(mailer-daemon|postmaster)@/i.test(from?.value[0]?.address ?? '')

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
