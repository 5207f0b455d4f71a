/** No text of a log line is longer; an error's message can hold a whole document. */
const maxCharacters = 10_000

/** What must not be in a log, with what replaces it. The longest forms come first. */
const redactions: [RegExp, string][] = [
  [/\b(\w{1,20}:\/\/)[^\s/]{1,500}@/g, '$1[secret]@'],
  [/\b(Bearer|Basic)\s+[^\s"',]+/gi, '$1 [secret]'],
  [/\bcgw_[\w-]+/g, '[secret]'],
  // Local parts may be quoted (RFC 5321, 4.1.2). A slash is left out: it would take packages' paths for addresses.
  [
    /("[^"\n]{1,64}"|[\p{L}\p{N}.!#$%&'*+=?^_`{|}~-]{1,64})@(\[[\w.:]{1,64}\]|[\p{L}\p{N}.-]{1,253})/gu,
    '[address]',
  ],
]

/** Every redaction needs one of these. Most texts have none, and looking for each form in them takes several times as long. */
const mayNeedRedaction = /@|cgw_|bearer|basic/i

/** A text without keys, passwords in URLs and e-mail addresses. */
export function redact(text: string): string {
  const shown = text.slice(0, maxCharacters)
  if (!mayNeedRedaction.test(shown)) return shown
  return redactions.reduce((redacted, [secret, instead]) => redacted.replace(secret, instead), shown)
}
