import type { Answer } from './question.ts'

/** The answers of one question that others may still ask for, by the number of their event. */
export type Answers = {
  /** The kept answer, or a new one; one that fails is not kept. */
  get(seq: number, make: () => Promise<Answer>): Promise<Answer>
}

/** What is kept for all questions of this process. */
export type AnswerMemory = {
  /** The answers of one more question. */
  answers(): Answers
  /** How many characters are kept. */
  characters(): number
}

export type AnswerMemoryOptions = {
  /** How long an answer is kept, in milliseconds; what it nests is never older than this. */
  lifetime: number
  /** How many characters are kept in all; beyond these the oldest answers go. */
  most: number
}

type Kept = { answer: Promise<Answer>; until: number; size: number; forget(): void }

/** What an answer costs besides its text, in characters. */
const overhead = 500

/** Long enough by default for readers at different places of a busy log. */
export function createAnswerMemory(options: Partial<AnswerMemoryOptions> = {}): AnswerMemory {
  const { lifetime, most } = { lifetime: 10_000, most: 16_000_000, ...options }
  /** Oldest first. */
  const kept = new Set<Kept>()
  let characters = 0
  let timer: NodeJS.Timeout | undefined

  function drop(entry: Kept): void {
    if (!kept.delete(entry)) return
    characters -= entry.size
    entry.forget()
    if (kept.size === 0) clearTimeout(timer)
  }

  function trim(): void {
    const now = performance.now()
    for (const entry of kept) {
      if (entry.until > now && characters <= most) break
      drop(entry)
    }
    clearTimeout(timer)
    const [oldest] = kept
    if (oldest) timer = setTimeout(trim, Math.max(1, oldest.until - now)).unref()
  }

  function keep(entry: Kept): void {
    kept.add(entry)
    characters += entry.size
    entry.answer.then(
      ({ text }) => {
        if (!kept.has(entry)) return
        entry.size += text.length
        characters += text.length
        if (characters > most) trim()
      },
      () => drop(entry),
    )
    if (kept.size === 1 || characters > most) trim()
  }

  return {
    characters: () => characters,
    answers() {
      const bySeq = new Map<number, Kept>()
      return {
        get(seq, make) {
          const known = bySeq.get(seq)
          if (known && known.until > performance.now()) return known.answer
          if (known) drop(known)
          const entry: Kept = {
            answer: make(),
            until: performance.now() + lifetime,
            size: overhead,
            forget: () => bySeq.get(seq) === entry && bySeq.delete(seq),
          }
          bySeq.set(seq, entry)
          keep(entry)
          return entry.answer
        },
      }
    },
  }
}
