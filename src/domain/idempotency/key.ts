import { createHash } from 'node:crypto'

/** A name of a request. A second request with the same name changes nothing and gets the first one's result. */
export type IdempotencyKey = {
  /** Each operation has its own keys. */
  operation: string
  key: string
  /** SHA-256 of the input; null: every request with this key is the same request. */
  inputHash: Buffer | null
  /** After how many hours the key can be used again; null: never. */
  keptForHours: number | null
}

/** The key that a client gives to a request; null: it gave none. An equal request can be repeated for 24 hours. */
export function clientKey(operation: string, key: string | null, input: object): IdempotencyKey | null {
  if (key === null) return null
  const inputHash = createHash('sha256').update(JSON.stringify(input)).digest()
  return { operation, key, inputHash, keptForHours: 24 }
}

const daysOfMail = 90

/** The key of a mail, by its digest. The same mail is recognised for 90 days. No mail server tries that long. */
export const mailKey = (digest: string): IdempotencyKey => ({
  operation: 'receive mail',
  key: digest,
  inputHash: null,
  keptForHours: 24 * daysOfMail,
})

/** The key for a source's own id of a message; null: there is no id. The id is used once, for ever. */
export function sourceKey(source: string, externalId: string | null): IdempotencyKey | null {
  return externalId === null
    ? null
    : { operation: `receive ${source}`, key: externalId, inputHash: null, keptForHours: null }
}
