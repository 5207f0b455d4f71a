import { refusal } from '../errors.ts'
import { type SearchedWord, searchedWords } from './words.ts'

/** The text of a search, in code points. */
export const maxSearchCharacters = 200

/**
 * The words of a searched text; null: the text is blank, so nothing is searched for.
 * @throws Refusal INVALID_INPUT if it is too long, has characters that no text has, or has no letter and no digit
 */
export function wordsToSearch(text: string | null | undefined, ...path: string[]): SearchedWord[] | null {
  if (text == null || text.trim() === '') return null
  if (text.length > maxSearchCharacters && [...text].length > maxSearchCharacters)
    throw refusal('INVALID_INPUT', `search must be at most ${maxSearchCharacters} characters long.`, ...path)
  if (text.includes('\0') || !text.isWellFormed())
    throw refusal('INVALID_INPUT', 'search must not contain NUL or broken characters.', ...path)
  const words = searchedWords(text)
  if (words.length === 0) throw refusal('INVALID_INPUT', 'search must contain a letter or a digit.', ...path)
  return words
}
