import type { Reader } from '../db/db.ts'
import { validKeys } from '../domain/key/rows.ts'
import type { Actor } from '../domain/operation.ts'
import { repeat } from '../runtime/repeat.ts'

/** Ends long-lived requests when their key ends. */
export type KeyWatch = {
  /** Calls `ended` once the actor's key has been revoked or has expired. Returns a function that stops watching. */
  watch(actor: Actor, ended: () => void): () => void
  close(): Promise<void>
}

/** Well below 5 seconds: after that time a revoked key must have no open socket. */
const lookEveryMs = 2_000

/** Checks in one statement whether the keys of all open sockets and streams are still valid. */
export function watchKeys(db: Reader, onError: (error: unknown) => void): KeyWatch {
  const watched = new Set<{ actor: Actor; ended: () => void }>()

  async function look(): Promise<void> {
    if (watched.size === 0) return
    const entries = [...watched]
    const keys = new Map(entries.map(({ actor }) => [actor.keyId, actor]))
    const valid = await validKeys(db, [...keys.values()])
    for (const entry of entries.filter(({ actor }) => !valid.has(actor.keyId)))
      if (watched.delete(entry)) entry.ended()
  }
  const looking = repeat(look, { everyMs: lookEveryMs, onError })

  return {
    watch(actor, ended) {
      const entry = { actor, ended }
      watched.add(entry)
      return () => watched.delete(entry)
    },
    close: () => looking.stop(),
  }
}
