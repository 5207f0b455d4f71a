import type { Reader } from '../db/db.ts'
import { refusal } from '../domain/errors.ts'
import { keyByHash, validKeys } from '../domain/key/rows.ts'
import { hashOf } from '../domain/key/secret.ts'
import type { Actor } from '../domain/operation.ts'

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
export async function requireValid(db: Reader, actor: Actor): Promise<void> {
  const valid = await validKeys(db, [actor])
  if (!valid.has(actor.keyId)) throw unauthenticated()
}

const unauthenticated = () => refusal('UNAUTHENTICATED', 'Missing or invalid API key.')
