import { LRUCache } from 'lru-cache'
import type { Answer } from './answer.ts'
import type { Payer } from './payers.ts'

/** The answers of one broadcast that its subscribers may still need, by event number. */
export type Answers = {
  /**
   * The answer that is kept or in progress for the same payer, or a new one. It does not wait for an
   * answer whose payer may be delayed. An answer that fails is not kept.
   */
  get(seq: number, payer: Payer, make: () => Promise<Answer>): Promise<Answer>
}

/** The answers that are kept for all broadcasts of this process. */
export type AnswerMemory = {
  /** Makes the answers of one more broadcast. */
  answers(): Answers
  /** How many characters are kept. */
  characters(): number
}

export type AnswerMemoryOptions = {
  /** How long an answer is kept after it was begun. */
  lifetimeMs: number
  /** How many characters are kept in all. The least recently used answers go first. */
  maxCharacters: number
}

/** What an answer costs besides its text, in characters. */
const overheadCharacters = 500

/** By default answers are kept long enough for subscribers at different positions of a busy log. */
export function createAnswerMemory({
  lifetimeMs = 10_000,
  maxCharacters = 16_000_000,
}: Partial<AnswerMemoryOptions> = {}): AnswerMemory {
  const kept = new LRUCache<string, Answer>({
    ttl: lifetimeMs,
    ttlAutopurge: true,
    maxSize: maxCharacters,
    sizeCalculation: ({ text }) => overheadCharacters + text.length,
  })
  const pending = new Map<string, Promise<Answer>>()
  let broadcasts = 0

  async function keep(key: string, make: () => Promise<Answer>): Promise<Answer> {
    const start = performance.now()
    const answer = await make()
    kept.set(key, answer, { start })
    return answer
  }

  return {
    characters: () => kept.calculatedSize,
    answers() {
      const broadcast = broadcasts++
      return {
        async get(seq, payer, make) {
          const key = `${broadcast} ${seq}`
          const known = kept.get(key)
          if (known) return known
          const work = `${key} ${payer}`
          const answer = pending.get(work) ?? keep(key, make).finally(() => pending.delete(work))
          pending.set(work, answer)
          return answer
        },
      }
    },
  }
}
