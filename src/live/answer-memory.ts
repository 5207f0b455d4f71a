import { LRUCache } from 'lru-cache'
import type { Answer } from './answer.ts'

/** The answers of one broadcast that its subscribers may still need, by event number. */
export type Answers = {
  /** The answer that is kept or in progress, or a new one. An answer that fails is not kept. */
  get(seq: number, make: () => Promise<Answer>): Promise<Answer>
}

/** The answers that are kept for all broadcasts of this process. */
export type AnswerMemory = {
  /** Makes the answers of one more broadcast. */
  answers(): Answers
  /** How many characters are kept. */
  characters(): number
}

export type AnswerMemoryOptions = {
  /** How long an answer is kept. Nothing in it is older than this. */
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
    try {
      const answer = await make()
      kept.set(key, answer, { start })
      return answer
    } finally {
      pending.delete(key)
    }
  }

  return {
    characters: () => kept.calculatedSize,
    answers() {
      const broadcast = broadcasts++
      return {
        async get(seq, make) {
          const key = `${broadcast} ${seq}`
          const known = kept.get(key)
          if (known) return known
          const answer = pending.get(key) ?? keep(key, make)
          pending.set(key, answer)
          return answer
        },
      }
    },
  }
}
