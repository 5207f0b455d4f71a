/**
 * Marks that a search ignores: the accents of Latin, Greek and Cyrillic, the points of Hebrew and the vowel signs of
 * Arabic. The marks of other scripts are letters to their readers, such as が beside か.
 */
const ignoredMarks =
  /[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]/g

/** What takes no space of its own and is no part of a word, such as a soft hyphen. */
const invisible = /\p{Default_Ignorable_Code_Point}/gu

/** Characters that Unicode does not decompose, and what people type for them. */
const plain: Record<string, string> = {
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ı: 'i',
  ł: 'l',
  þ: 'th',
  ŧ: 't',
  ς: 'σ',
  ə: 'e',
  ɛ: 'e',
  ɔ: 'o',
  ŋ: 'n',
  ɓ: 'b',
  ɗ: 'd',
  ƙ: 'k',
  ƴ: 'y',
  ʻ: '',
  ʼ: '',
  '’': "'",
}
const typedOtherwise = new RegExp(`[${Object.keys(plain).join('')}]`, 'g')

const ascii = /^[\0-\x7f]*$/

export const isAscii = (text: string): boolean => ascii.test(text)

/**
 * A text as it is compared: without case, accents and width (Unicode TR15, NFKD). By way of upper case, as `ß` and `SS`
 * are the same word. Composed again, so that a Korean syllable is one character.
 */
export function fold(text: string): string {
  // Most texts have nothing else to fold than their case.
  if (isAscii(text)) return text.toLowerCase()
  return text
    .normalize('NFKD')
    .replace(invisible, '')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(ignoredMarks, '')
    .replace(typedOtherwise, letter => plain[letter] ?? letter)
    .normalize('NFC')
}
