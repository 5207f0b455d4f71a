import { TypeID, typeid } from 'typeid-js'
import { type Noun, nouns } from './nouns.ts'

const nounsByPrefix = new Map(
  Object.entries(nouns).map(([noun, { prefix }]) => [prefix as string, noun as Noun]),
)

/**
 * A new id: the noun's prefix and a UUIDv7 as 26 characters of lower-case base32
 * (https://github.com/jetify-com/typeid). Later ids sort later, so inserts stay at the end of an index.
 */
export function newId(noun: Noun): string {
  return typeid(nouns[noun].prefix).toString()
}

/** The id of a noun with the given UUID. */
export function idFrom(noun: Noun, uuid: string): string {
  return TypeID.fromUUID(nouns[noun].prefix, uuid).toString()
}

/**
 * The noun of an id, by its prefix; null: the text cannot be an id. Ids are case-sensitive and have at most 64
 * characters. Called before any statement, so that nothing else reaches the database.
 */
export function nounOf(id: string): Noun | null {
  const match = /^([a-z]{3})_[0-9A-Za-z]{1,60}$/.exec(id)
  return (match && nounsByPrefix.get(match[1] ?? '')) ?? null
}

/** Whether a text can be an id of this noun. */
export function isId(noun: Noun, id: string): boolean {
  return nounOf(id) === noun
}
