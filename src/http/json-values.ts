/**
 * Whether a JSON text has more names and values than this. It is known without parsing: a megabyte of them takes a
 * hundred milliseconds to parse and to check, and the process does nothing else meanwhile.
 */
export function hasMoreJsonValues(text: string, max: number): boolean {
  let values = 1
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') at = endOfString(text, at)
    else if (isBeforeValue(character) && ++values > max) return true
  }
  return false
}

const isBeforeValue = (character: string | undefined) =>
  character === ',' || character === ':' || character === '[' || character === '{'

/** Where a string ends that begins at `start`: at the next quote with no backslash, or an even number of them, before it. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let backslash = quote - 1
    while (text[backslash] === '\\') backslash--
    if ((quote - backslash) % 2 === 1) return quote
  }
  return text.length
}
