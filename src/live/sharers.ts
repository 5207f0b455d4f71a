import type { Budget } from '../runtime/budget.ts'

/** The API key that pays for an answer; null: the one of all sharers that has most left. */
export type Payer = string | null

/** Those who share the answers of a broadcast, by the API keys that they came with. */
export type Sharers = {
  /** Adds one. Returns a function that removes it; calling it again does nothing. */
  join(keyId: string): () => void
  count(): number
  /**
   * Pays for an answer as soon as its payer can. Returns the key that has paid.
   * @throws the reason of `left` when all have left
   */
  pay(cost: number, payer: Payer): Promise<string>
  /** Aborts when the last one leaves. */
  left: AbortSignal
}

/** @param events what each key may spend on its events */
export function createSharers(events: Budget, leftReason: Error): Sharers {
  const keys = new Map<string, number>()
  const left = new AbortController()
  /** Aborts when a key joins or leaves: then another one may pay. */
  let changed = new AbortController()

  function change(keyId: string, count: number): void {
    const isAnother = count === 0 || !keys.has(keyId)
    if (count === 0) keys.delete(keyId)
    else keys.set(keyId, count)
    if (!isAnother) return
    changed.abort()
    changed = new AbortController()
  }

  const richest = () =>
    [...keys.keys()].reduce((one, other) => (events.remaining(other) > events.remaining(one) ? other : one))

  return {
    left: left.signal,
    count: () => [...keys.values()].reduce((sum, count) => sum + count, 0),
    join(keyId) {
      change(keyId, (keys.get(keyId) ?? 0) + 1)
      let isIn = true
      return () => {
        if (!isIn) return
        isIn = false
        change(keyId, (keys.get(keyId) ?? 1) - 1)
        if (keys.size === 0) left.abort(leftReason)
      }
    },
    async pay(cost, payer) {
      if (payer !== null) {
        await events.spendWhenPossible(payer, cost, left.signal)
        return payer
      }
      for (;;) {
        left.signal.throwIfAborted()
        const keyId = richest()
        const { signal } = changed
        try {
          await events.spendWhenPossible(keyId, cost, signal)
          return keyId
        } catch (error) {
          if (!signal.aborted) throw error
        }
      }
    },
  }
}
