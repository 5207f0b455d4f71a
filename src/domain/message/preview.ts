const maxPreviewCharacters = 140
const ellipsis = '...'
const room = maxPreviewCharacters - ellipsis.length
/** Any 141 code points are within as many code units, and a cluster that reaches beyond them is left out anyway. */
const maxCodeUnits = 2 * (maxPreviewCharacters + 1)

const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' })

/**
 * The beginning of a text on one line, for lists. White space is folded. A text of more than 140 code points is cut to
 * at most 137, at the last space if there is one, and ends with "...". What a reader sees as one character, such as an
 * emoji of several code points, is not cut (UAX #29).
 */
export function preview(text: string): string {
  const folded = text.trim().replace(/\s+/gu, ' ')
  const characters = [...folded.slice(0, maxCodeUnits)]
  if (characters.length <= maxPreviewCharacters) return folded
  const space = characters.lastIndexOf(' ', room)
  return (space > 0 ? characters.slice(0, space).join('') : cut(characters)) + ellipsis
}

/** As many whole clusters as there is room for. A cluster that alone is too long is cut: there is no end to them. */
function cut(characters: readonly string[]): string {
  let kept = 0
  for (const { segment } of clusters.segment(characters.join(''))) {
    const length = [...segment].length
    if (kept + length > room) break
    kept += length
  }
  return characters.slice(0, kept || room).join('')
}
