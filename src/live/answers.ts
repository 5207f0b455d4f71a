import type { Answer } from './question.ts'

const most = 1_024
const mostCharacters = 4_000_000
/** Long enough for readers at different places of a busy log; what an answer nests is never older than this. */
const lifetime = 10_000

type Kept = { answer: Promise<Answer>; until: number; size: number }

/** The answers of one question that others may still ask for, by the number of their event. */
export function answerCache() {
  const kept = new Map<number, Kept>()
  let characters = 0

  function drop(seq: number): void {
    characters -= kept.get(seq)?.size ?? 0
    kept.delete(seq)
  }

  function trim(now: number): void {
    for (const [seq, { until }] of kept) {
      if (until > now && kept.size <= most && characters <= mostCharacters) return
      drop(seq)
    }
  }

  return {
    /** The kept answer, or a new one; one that fails is not kept. */
    get(seq: number, make: () => Promise<Answer>): Promise<Answer> {
      const now = performance.now()
      const known = kept.get(seq)
      if (known && known.until > now) return known.answer
      drop(seq)
      const entry: Kept = { answer: make(), until: now + lifetime, size: 0 }
      kept.set(seq, entry)
      entry.answer.then(
        ({ text }) => {
          if (kept.get(seq) !== entry) return
          entry.size = text.length
          characters += text.length
          trim(performance.now())
        },
        () => kept.get(seq) === entry && drop(seq),
      )
      return entry.answer
    },
  }
}
