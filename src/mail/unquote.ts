import EmailReplyParser from 'email-reply-parser'

/**
 * What somebody has written himself in an answer: without the mail that it quotes. Answers between the quoted lines keep
 * these, as they mean nothing without; and where nothing would be left, all is kept.
 */
export function unquote(text: string): string {
  const fragments = new EmailReplyParser().read(text).getFragments()
  const own = fragments.filter(fragment => !fragment.isQuoted() && !fragment.isEmpty())
  const [first, last] = [own[0], own.at(-1)]
  if (!first || !last) return text
  const isBetween = fragments
    .slice(fragments.indexOf(first), fragments.indexOf(last) + 1)
    .some(each => each.isQuoted())
  const kept = isBetween ? fragments.slice(fragments.indexOf(first), fragments.indexOf(last) + 1) : own
  return (
    kept
      .map(fragment => fragment.getContent())
      .join('\n')
      .trim() || text
  )
}
