import type { Reader } from '../db/db.ts'
import { refusal } from '../domain/errors.ts'
import { keyByHash, validKeys } from '../domain/key/rows.ts'
import { hashOf } from '../domain/key/secret.ts'
import type { Actor } from '../domain/operation.ts'
import { shareNextOf } from '../runtime/share-next.ts'

/**
 * Finds the actor of a credential. The credential is the value of an `Authorization` header, or of the same field in a
 * WebSocket's `connection_init`.
 * @throws Refusal UNAUTHENTICATED, the same for a missing, malformed, unknown, revoked or expired key
 */
export async function authenticate(db: Reader, header: unknown): Promise<Actor> {
  const secret = typeof header === 'string' ? /^Bearer +([\x21-\x7e]{1,512})$/i.exec(header)?.[1] : undefined
  const key = secret === undefined ? null : await keyByHash(db, hashOf(secret))
  if (!key) throw unauthenticated()
  const { id: keyId, workspaceId, agentId, scopes } = key
  return { workspaceId, id: agentId ?? keyId, keyId, scopes }
}

/**
 * Checks again the keys of actors who were authenticated before, with one statement at a time for all who ask. It begins
 * after they have asked.
 * @returns checks the key of an actor. It throws the refusal UNAUTHENTICATED.
 */
export function createConfirm(db: Reader): (actor: Actor) => Promise<void> {
  const validOf = shareNextOf((actors: Actor[]) => validKeys(db, actors))
  return async actor => {
    if (!(await validOf(actor)).has(actor.keyId)) throw unauthenticated()
  }
}

const unauthenticated = () => refusal('UNAUTHENTICATED', 'Missing or invalid API key.')
