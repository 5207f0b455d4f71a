import { type Refusal, refusal, refusalWith } from '../../domain/errors.ts'
import type { Quota } from '../../runtime/quota.ts'

/** Counts the bytes of one answer while it is put together. */
export type AnswerBytes = {
  /**
   * Counts bytes before they are read or written. After a refusal the answer is given up, and nothing is counted: an
   * error for each of its fields would take longer than the answer.
   * @throws Refusal LIMIT_EXCEEDED, RATE_LIMITED
   */
  take(bytes: number): void
  /** How many bytes have been counted. */
  taken(): number
  /** Forgets the bytes that were counted since: the answer is put together anew. */
  rewind(taken: number): void
  /** The first refusal; null: there was none. */
  refused(): Refusal | null
  /** Called when the answer is ready or given up. Returns how many bytes it had. */
  end(): number
}

/** Fewer bytes than this are not worth counting among those of a key. */
const minHeldBytes = 16 * 1024

/**
 * @param owner whose unsent answers it counts among; null: nobody's, as they are held already
 * @param unsent what each owner may have unsent
 */
export function createAnswerBytes(maxBytes: number, unsent: Quota, owner: string | null): AnswerBytes {
  const releases: (() => void)[] = []
  let taken = 0
  let notHeld = 0
  let isEnded = false
  let refused: Refusal | null = null

  function refuse(reason: Refusal): never {
    refused ??= reason
    throw reason
  }

  return {
    take(bytes) {
      if (refused) return
      taken += bytes
      if (taken > maxBytes) refuse(refusal('LIMIT_EXCEEDED', `An answer may have ${maxBytes} bytes.`))
      notHeld += bytes
      // After an error, fields of an answer that is given up may still come in.
      if (owner === null || isEnded || notHeld < minHeldBytes) return
      const release = unsent.take(owner, notHeld)
      if (release === null) refuse(tooMuchUnsent(unsent.max))
      releases.push(release)
      notHeld = 0
    },
    taken: () => taken,
    rewind(to) {
      // What is held among those of the key stays held until the end.
      taken = to
      notHeld = 0
    },
    refused: () => refused,
    end() {
      isEnded = true
      for (const release of releases.splice(0)) release()
      return taken
    },
  }
}

/** The refusal of a key whose clients do not take their answers. */
export const tooMuchUnsent = (maxBytes: number) =>
  refusalWith(
    { retryAfter: 1 },
    'RATE_LIMITED',
    `The clients of this key leave ${maxBytes} bytes of answers unread.`,
  )

/**
 * Counts the bytes of a value that is about to be written. Over the limit it returns a promise that rejects. It does not
 * throw: graphql-js would leave the promises of the rows before it in a list without anybody who handles their errors,
 * and such an error ends the process.
 */
export function counted<Value>(value: Value, size: number, bytes: AnswerBytes): Value | Promise<never> {
  try {
    bytes.take(size)
    return value
  } catch (error) {
    return Promise.reject(error)
  }
}

/** The bytes of a text in JSON. */
export const bytesOf = (text: string): number => Buffer.byteLength(JSON.stringify(text))
