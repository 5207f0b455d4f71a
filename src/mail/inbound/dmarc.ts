import type { HeaderLines } from 'mailparser'

/**
 * Whether the mail system that took the mail in reported that the domain of its From header did not send it: DMARC
 * failed (RFC 7489, RFC 8601). The uppermost header with a result for this domain decides. A mail system adds its header
 * above those that a sender has written.
 */
export function hasFailedDmarc(headerLines: HeaderLines, fromDomain: string): boolean {
  for (const { key, line } of headerLines) {
    if (key !== 'authentication-results') continue
    const result = resultOf(line.slice(0, maxHeaderCharacters), fromDomain.toLowerCase())
    if (result !== null) return result === 'fail'
  }
  return false
}

const maxHeaderCharacters = 10_000

/** The result of DMARC in one header, the worst of several; null: it has none for this domain. */
function resultOf(header: string, fromDomain: string): string | null {
  const results = withoutForeignWords(header)
    .split(';')
    .flatMap(part => {
      const [, result] = /^\s*dmarc\s*=\s*(\w+)/i.exec(part) ?? []
      const [, from = fromDomain] = /\sheader\.from\s*=\s*"?(?:[^\s"@]*@)?([\w.-]+)/i.exec(part) ?? []
      return result && from.toLowerCase() === fromDomain ? [result.toLowerCase()] : []
    })
  return results.includes('fail') ? 'fail' : (results[0] ?? null)
}

/** Comments and quoted words may repeat what a sender has written, such as an address that looks like a result. */
const withoutForeignWords = (header: string) =>
  header.replace(/"(?:[^"\\]|\\.)*"/g, quoted => quoted.replace(/[;=()]/g, '_')).replace(/\([^()]*\)/g, ' ')
