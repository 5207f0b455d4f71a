import { htmlToText } from 'html-to-text'

/**
 * So much of the HTML is looked at, in characters. Together with the limits below, no HTML takes longer than about two
 * seconds.
 */
const maxHtmlCharacters = 300_000
const limits = { maxDepth: 250, maxChildNodes: 10_000, maxBaseElements: 100 }

/** HTML as plain text. What is longer than 300,000 characters without its embedded images is cut, and ends with a mark. */
export function textOfHtml(html: string): string {
  const bare = html.replace(/data:image\/[^"'<>\s]*/g, '')
  const text = htmlToText(bare.slice(0, maxHtmlCharacters), { limits })
  return bare.length > maxHtmlCharacters ? `${text}\n[truncated]` : text
}
