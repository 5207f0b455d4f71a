import { fold, isAscii } from './fold.ts'

/** Longer words are cut. */
const maxWordCharacters = 64
/** An address, a path or an id of more parts than this is found by its parts only. */
const maxJoinedParts = 8
/** The words of one text in UTF-8, which a long text with few repetitions would exceed. PostgreSQL holds 1 MB of words. */
const maxWordsBytes = 200_000

/**
 * Scripts that are written without spaces between words, or, as in Korean, with endings that a dictionary must know.
 * Their words are all pairs of neighbouring characters, so that any part of a text is found.
 */
const paired =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー々]/u

/** Runs of such scripts, of ASCII, and of everything else: so what follows in a word of ASCII is known to be ASCII. */
const runs = new RegExp(`${paired.source}+|[0-9a-z]+|(?:(?!${paired.source})[^0-9a-z])+`, 'gu')

/** Letters and digits, also joined by single signs, as in an address, a path or an id. */
const joinedWords = /[\p{L}\p{N}\p{M}]+(?:[-._@+/:'][\p{L}\p{N}\p{M}]+)*/gu

const sign = /[-._@+/:']/

/**
 * The words by which a text is found, each once: folded, of at most 64 characters. What is joined by signs, such as an
 * address, gives each of its parts, and each rest that begins with a part: so it is found from any part on. Words beyond
 * 200,000 bytes are left out.
 */
export function wordsOf(text: string): Set<string> {
  const words = new Set<string>()
  let bytes = 0
  for (const [joined] of fold(text).matchAll(joinedWords))
    for (const word of wordsWithin(joined)) {
      if (words.has(word)) continue
      bytes += Buffer.byteLength(word)
      if (bytes > maxWordsBytes) return words
      words.add(word)
    }
  return words
}

function wordsWithin(joined: string): string[] {
  const parts = joined.split(sign)
  const words = parts.flatMap(wordsOfRuns)
  if (parts.length === 1 || !isFoundJoined(joined, parts)) return words
  let from = 0
  for (const part of parts.slice(0, -1)) {
    words.push(cut(joined.slice(from)))
    from += part.length + 1
  }
  return words
}

/** Whether parts are also found as one word: a few, of ASCII alone or without any. */
const isFoundJoined = (joined: string, parts: readonly string[]): boolean =>
  parts.length <= maxJoinedParts && (isAscii(joined) || !(paired.test(joined) || /[0-9a-z]/.test(joined)))

const wordsOfRuns = (part: string): string[] =>
  runsOf(part).flatMap(run => (paired.test(run) ? pairsOf(run) : [cut(run)]))

const runsOf = (part: string): string[] =>
  isAscii(part) ? [part] : [...part.matchAll(runs)].map(([run]) => run)

/** All pairs of neighbouring characters, and the last character: so each character is the beginning of a word. */
function pairsOf(run: string): string[] {
  const characters = [...run]
  return characters.map((character, index) => character + (characters[index + 1] ?? ''))
}

/** A word that is searched for; `isPrefix`: words that begin with it match too. */
export type SearchedWord = { word: string; isPrefix: boolean }

/**
 * The words that a searched text asks for; none: it has no letter and no digit. The last word is a prefix, as it may
 * still be typed. What is joined by signs is one word, and a prefix.
 */
export function searchedWords(text: string): SearchedWord[] {
  const joined = [...fold(text).matchAll(joinedWords)].map(([word]) => word)
  return joined.flatMap((word, index) => {
    const parts = word.split(sign)
    if (parts.length > 1 && isFoundJoined(word, parts)) return [{ word: cut(word), isPrefix: true }]
    const isLast = index === joined.length - 1
    return parts.flatMap((part, place) => searchedIn(part, isLast && place === parts.length - 1))
  })
}

function searchedIn(part: string, isLast: boolean): SearchedWord[] {
  const all = runsOf(part)
  return all.flatMap((run, index) => {
    if (!paired.test(run)) return [{ word: cut(run), isPrefix: isLast && index === all.length - 1 }]
    const pairs = pairsOf(run)
    if (pairs.length === 1) return [{ word: run, isPrefix: true }]
    // The last character by itself says no more than the pair that it ends.
    return pairs.slice(0, -1).map(word => ({ word, isPrefix: false }))
  })
}

const cut = (word: string): string =>
  word.length > maxWordCharacters ? word.slice(0, maxWordCharacters).toWellFormed() : word
