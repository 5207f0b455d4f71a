import type { Reader } from '../db/db.ts'
import { refusal } from '../domain/errors.ts'
import { keyByHash, validKeys } from '../domain/key/rows.ts'
import { hashOf } from '../domain/key/secret.ts'
import type { Actor } from '../domain/operation.ts'
import { shareNext } from '../runtime/share-next.ts'

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

/** Checks again the key of an actor who was authenticated before. @throws Refusal UNAUTHENTICATED */
export type Confirm = (actor: Actor) => Promise<void>

/** Confirms keys with one statement at a time for all who ask. It begins after they have asked. */
export function createConfirm(db: Reader): Confirm {
  let asked = new Map<string, Actor>()

  const read = shareNext(() => {
    const keys = [...asked.values()]
    asked = new Map()
    return validKeys(db, keys)
  })

  return async actor => {
    asked.set(actor.keyId, actor)
    if (!(await read()).has(actor.keyId)) throw unauthenticated()
  }
}

const unauthenticated = () => refusal('UNAUTHENTICATED', 'Missing or invalid API key.')
