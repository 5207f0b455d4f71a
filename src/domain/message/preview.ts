const limit = 140
const ellipsis = '...'

/**
 * The beginning of a text on one line, as lists show it: white space folded, and over 140 code points cut to at most
 * 137 at the last space, or hard where there is none, then "...".
 */
export function preview(text: string): string {
  const folded = text.trim().replace(/\s+/gu, ' ')
  const characters = [...folded]
  if (characters.length <= limit) return folded
  const room = limit - ellipsis.length
  const space = characters.lastIndexOf(' ', room)
  return characters.slice(0, space > 0 ? space : room).join('') + ellipsis
}
