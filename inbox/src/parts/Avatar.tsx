/** The initials of a person on a colour of their own. Pictures are not loaded, as they would tell another host of it. */
export function Avatar({
  name,
  id,
  size = 'medium',
}: {
  name: string
  id: string
  size?: 'small' | 'medium'
}) {
  return (
    <span className={`avatar avatar-${size} hue-${hueOf(id)}`} aria-hidden="true">
      {initialsOf(name)}
    </span>
  )
}

const hues = 8

function hueOf(id: string): number {
  let sum = 0
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9_973
  return sum % hues
}

function initialsOf(name: string): string {
  const words = name.split(/[\s@._-]+/).filter(word => /^\p{L}/u.test(word))
  const [first = '', last = ''] = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  return ([...first].slice(0, 1).join('') + [...last].slice(0, 1).join('')).toUpperCase() || '?'
}
