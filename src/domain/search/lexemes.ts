import { createHash } from 'node:crypto'
import { type SearchedWord, wordsOf } from './words.ts'

/**
 * The words of texts as the database holds them. Each begins with four characters of the workspace, so that a search
 * never reads the index entries of another one; the few workspaces that share them cost each other time and no more.
 */
export function lexemesOf(workspaceId: string, texts: readonly (string | null)[]): string[] {
  const prefix = prefixOf(workspaceId)
  const words = new Set(texts.flatMap(text => (text === null ? [] : [...wordsOf(text)])))
  return [...words].map(word => prefix + word)
}

/** A query of the type `tsquery` for rows that have all of the words. */
export function queryOf(workspaceId: string, words: readonly SearchedWord[]): string {
  const prefix = prefixOf(workspaceId)
  // Within quotes, a quote is doubled; a word has no backslash.
  return words
    .map(({ word, isPrefix }) => `'${prefix}${word.replaceAll("'", "''")}'${isPrefix ? ':*' : ''}`)
    .join(' & ')
}

const prefixCharacters = 4

/** Four characters of base64url hold 24 bits. */
const prefixOf = (workspaceId: string): string =>
  createHash('sha256').update(workspaceId).digest('base64url').slice(0, prefixCharacters)
