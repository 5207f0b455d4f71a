import { LRUCache } from 'lru-cache'

/** Gives a statement's text the name under which a connection keeps it prepared; undefined: it is not kept. */
export type NameOf = (text: string) => string | undefined

/** A connection keeps a prepared statement until it closes, with up to 100 kB for its plan. */
const maxNames = 300
/** Statements that are rare are not worth a name. */
const sightingsBeforeName = 3
const maxSeenTexts = 1_000

/**
 * Names statements that come again, so that PostgreSQL parses each once a connection, and can keep a plan for it. The
 * first 300 get a name for the life of the process.
 */
export function createStatementNames(): NameOf {
  const names = new Map<string, string>()
  const sightings = new LRUCache<string, number>({ max: maxSeenTexts })

  return text => {
    const name = names.get(text)
    if (name !== undefined || names.size >= maxNames) return name
    const count = (sightings.get(text) ?? 0) + 1
    if (count < sightingsBeforeName) {
      sightings.set(text, count)
      return undefined
    }
    sightings.delete(text)
    names.set(text, `s${names.size}`)
    return names.get(text)
  }
}
