import { TypeID, typeid } from 'typeid-js'

const prefixes = {
  workspace: 'wrk',
  agent: 'agt',
  channel: 'chn',
  contact: 'ctc',
  conversation: 'thd',
  message: 'msg',
  apiKey: 'key',
  event: 'evt',
} as const

/** What an id can be the id of. */
export type Noun = keyof typeof prefixes

const nouns = new Map(Object.entries(prefixes).map(([noun, prefix]) => [prefix as string, noun as Noun]))

/**
 * A new id: the noun's prefix and a UUIDv7 as 26 characters of lower-case base32 (https://github.com/jetify-com/typeid),
 * so that ids made later sort later and inserts stay at the end of an index.
 */
export function newId(noun: Noun): string {
  return typeid(prefixes[noun]).toString()
}

/** The id of a noun with a UUID that is given. */
export function idFrom(noun: Noun, uuid: string): string {
  return TypeID.fromUUID(prefixes[noun], uuid).toString()
}

/**
 * The noun that an id names by its prefix, or null for what cannot be an id of ours. Ids are case-sensitive and at most
 * 64 characters. Asked before any statement, so that nothing else reaches the database.
 */
export function nounOf(id: string): Noun | null {
  const match = /^([a-z]{3})_[0-9A-Za-z]{1,60}$/.exec(id)
  return (match && nouns.get(match[1] ?? '')) ?? null
}

/** Whether a text can be the id of that noun. */
export function isId(noun: Noun, id: string): boolean {
  return nounOf(id) === noun
}
