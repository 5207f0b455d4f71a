import type { Quota } from '../runtime/quota.ts'
import type { Answer } from './answer.ts'

/** An answer whose bytes count among what its key has unsent, until `sent` is called. */
export type CountedAnswer = { answer: Answer; sent(): void }

/**
 * Makes an answer for a key that has room for it. If there is no room, it is dropped, and made again when there is: so
 * that a thousand subscribers that wait hold nothing.
 * @throws what `make` throws; the signal's reason when it aborts while there is no room
 */
export async function countedAnswer(
  unsent: Quota,
  keyId: string,
  make: () => Promise<Answer>,
  signal: AbortSignal,
): Promise<CountedAnswer> {
  let answer: Answer | null = await make()
  const bytes = Buffer.byteLength(answer.text)
  const release = unsent.take(keyId, bytes)
  if (release) return { answer, sent: release }
  answer = null
  const sent = await unsent.takeWhenPossible(keyId, bytes, signal)
  try {
    return { answer: await make(), sent }
  } catch (error) {
    sent()
    throw error
  }
}
