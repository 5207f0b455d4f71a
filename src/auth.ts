import type { Reader } from './db/db.ts'
import { refusal } from './domain/errors.ts'
import { keyByHash, validKeys } from './domain/key/rows.ts'
import { hashOf } from './domain/key/secret.ts'
import type { Actor } from './domain/operation.ts'

/**
 * Who a credential stands for: the value of an `Authorization` header, or of the same field in a WebSocket's
 * `connection_init`. @throws Refusal UNAUTHENTICATED, the same for a missing, malformed, unknown, revoked or expired key
 */
export async function authenticate(db: Reader, header: unknown): Promise<Actor> {
  const secret = typeof header === 'string' ? /^Bearer +([\x21-\x7e]{1,512})$/i.exec(header)?.[1] : undefined
  const key = secret === undefined ? null : await keyByHash(db, hashOf(secret))
  if (!key) throw refusal('UNAUTHENTICATED', 'Missing or invalid API key.')
  const { id: keyId, workspaceId, agentId, scopes } = key
  return { workspaceId, id: agentId ?? keyId, keyId, scopes }
}

/** Ends what is open for long when its key ends. */
export type KeyWatch = {
  /** Calls `ended` once the actor's key has been revoked or has expired; answers how to stop watching. */
  watch(actor: Actor, ended: () => void): () => void
  close(): void
}

const pause = 2_000

/** Looks every 2 seconds whether the keys of all open connections are still valid, in one statement. */
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

  let timer = setTimeout(repeat, pause)
  let closed = false
  async function repeat(): Promise<void> {
    await look().catch(onError)
    if (!closed) timer = setTimeout(repeat, pause)
  }

  return {
    watch(actor, ended) {
      const entry = { actor, ended }
      watched.add(entry)
      return () => watched.delete(entry)
    },
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}
