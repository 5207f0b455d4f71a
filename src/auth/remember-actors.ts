import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Actor } from '../domain/operation.ts'
import type { Authenticate } from './slow-failures.ts'

/** Well below 5 seconds: after that time a revoked key reads nothing more. */
const rememberForMs = 2_000
const maxActors = 1_000

/**
 * Remembers the actor of a valid credential for two seconds, so that its requests do not look it up again and again.
 * Those that come at once share one look-up. Wrong credentials are not remembered. A change confirms its key by itself.
 */
export function rememberActors(authenticate: Authenticate): Authenticate {
  const actors = new LRUCache<string, Promise<Actor>>({ max: maxActors, ttl: rememberForMs })
  return (header, address) => {
    if (typeof header !== 'string') return authenticate(header, address)
    // Not the credential itself: memory should not hold more of them than requests do.
    const name = hash('sha256', header, 'base64')
    const known = actors.get(name)
    if (known) return known
    const actor = authenticate(header, address)
    actors.set(name, actor)
    actor.catch(() => actors.delete(name))
    return actor
  }
}
