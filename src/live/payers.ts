import type { Budget } from '../runtime/budget.ts'

/** The API key that pays for an answer; null: the one of all payers that has most left. */
export type Payer = string | null

/** Those who share the answers of a broadcast, by the API keys that they came with. */
export type Payers = {
  /** Adds one. Returns a function that removes it; calling it again does nothing. */
  join(keyId: string): () => void
  count(): number
  /** The keys of those who share, that with most left first. */
  keyIds(): string[]
  /**
   * Pays for an answer as soon as its payer can. Returns the key that has paid.
   * @throws the reason of `left` when all have left
   */
  pay(cost: number, payer: Payer): Promise<string>
  /** Aborts when the last one leaves. */
  left: AbortSignal
}

/** A payment that waits. Any key that shares the answer may make it, also one that joins meanwhile. */
type Payment = { offer(keyId: string): void; leave(keyId: string): void; fail(reason: unknown): void }

/** @param events what each key may spend on its events */
export function createPayers(events: Budget, leftReason: Error): Payers {
  const keys = new Map<string, number>()
  const left = new AbortController()
  const unpaid = new Set<Payment>()

  function leave(keyId: string): void {
    const count = (keys.get(keyId) ?? 1) - 1
    if (count > 0) return void keys.set(keyId, count)
    keys.delete(keyId)
    for (const payment of unpaid) payment.leave(keyId)
    if (keys.size > 0) return
    left.abort(leftReason)
    for (const payment of unpaid) payment.fail(leftReason)
  }

  /** The keys, that with most left first. */
  const richestFirst = () =>
    [...keys.keys()].sort((one, other) => events.remaining(other) - events.remaining(one))

  /** Waits in the lines of all keys at once. The first one that can pays, and no other one does. */
  function payment(cost: number): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const offered = new Map<string, AbortController>()
    const end = () => {
      unpaid.delete(payment)
      for (const waiting of offered.values()) waiting.abort()
    }
    const payment: Payment = {
      offer(keyId) {
        const waiting = new AbortController()
        offered.set(keyId, waiting)
        const paid = () => {
          offered.delete(keyId)
          end()
          resolve(keyId)
        }
        // It fails only if it is aborted: then another key has paid, or this one has left.
        events.spendWhenPossible(keyId, cost, waiting.signal).then(paid, () => {})
      },
      leave(keyId) {
        offered.get(keyId)?.abort()
        offered.delete(keyId)
      },
      fail(reason) {
        end()
        reject(reason)
      },
    }
    unpaid.add(payment)
    for (const keyId of keys.keys()) payment.offer(keyId)
    return promise
  }

  return {
    left: left.signal,
    keyIds: richestFirst,
    count: () => [...keys.values()].reduce((sum, count) => sum + count, 0),
    join(keyId) {
      keys.set(keyId, (keys.get(keyId) ?? 0) + 1)
      if (keys.get(keyId) === 1) for (const payment of unpaid) payment.offer(keyId)
      let isIn = true
      return () => {
        if (isIn) leave(keyId)
        isIn = false
      }
    },
    async pay(cost, payer) {
      left.signal.throwIfAborted()
      if (payer === null) return richestFirst().find(keyId => events.trySpend(keyId, cost)) ?? payment(cost)
      await events.spendWhenPossible(payer, cost, left.signal)
      return payer
    },
  }
}
