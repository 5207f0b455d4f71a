import { createHash, randomBytes } from 'node:crypto'

/** A new secret of 256 random bits. The prefix shows secret scanners and people what it is. */
export function newSecret(): string {
  return `cgw_${randomBytes(32).toString('base64url')}`
}

/** The stored form of a secret. 256 random bits cannot be guessed, so one round of SHA-256 is enough. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
