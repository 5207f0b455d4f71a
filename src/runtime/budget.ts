import { setTimeout as after } from 'node:timers/promises'
import { TokenBucket } from 'limiter'
import { LRUCache } from 'lru-cache'

/** What an owner may still spend, and when it may spend everything again. */
export type BudgetState = { limit: number; remaining: number; resetSeconds: number }

/** What each owner may spend: a leaky bucket, from which what was spent runs out evenly. */
export type Budget = {
  /** @throws what `refuse` returns, when the owner has not so much left. Nothing is spent then. */
  spend(owner: string, points: number): Promise<void>
  /** Spends as soon as the owner has so much left, first come, first served. @throws the signal's reason when it aborts */
  spendWhenPossible(owner: string, points: number, signal: AbortSignal | undefined): Promise<void>
  /** What an owner may spend now. */
  remaining(owner: string): number
  state(owner: string): BudgetState
}

export type BudgetOptions = {
  /** What an owner may spend at once, and in each window on average. */
  limit: number
  windowSeconds: number
  /** The error for an owner that has not enough left. It has in so many seconds. */
  refuse(waitSeconds: number): Error
}

/** The bucket of the owner that spent least lately is given up first. Its owner may then spend everything. */
const maxOwners = 100_000

/**
 * Budgets in the memory of this process: each process of a deployment has its own. `Budget` is what a shared store would
 * have to implement.
 */
export function createBudget({ limit, windowSeconds, refuse }: BudgetOptions): Budget {
  const windowMs = windowSeconds * 1_000
  // A bucket that was not used for a window is full, as a new one is.
  const buckets = new LRUCache<string, TokenBucket>({ max: maxOwners, ttl: windowMs, updateAgeOnGet: true })

  function fullBucket(): TokenBucket {
    const bucket = new TokenBucket({ bucketSize: limit, tokensPerInterval: limit, interval: windowMs })
    bucket.content = limit
    return bucket
  }

  function bucketOf(owner: string): TokenBucket {
    const bucket = buckets.get(owner) ?? fullBucket()
    buckets.set(owner, bucket)
    return bucket
  }

  /** The last one of an owner that waits. So there is one timer for each owner, however many wait. */
  const lastOf = new Map<string, Promise<void>>()

  async function wait(owner: string, points: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    while (!bucketOf(owner).tryRemoveTokens(points)) {
      const waitMs = bucketOf(owner).getWaitTime(points)
      await after(waitMs, undefined, { signal }).catch(() => signal?.throwIfAborted())
    }
  }

  return {
    async spend(owner, points) {
      const bucket = bucketOf(owner)
      if (bucket.tryRemoveTokens(points)) return
      const waitMs = points > limit ? windowMs : bucket.getWaitTime(points)
      throw refuse(Math.ceil(waitMs / 1_000))
    },
    async spendWhenPossible(owner, points, signal) {
      // What can never be afforded costs all that there is.
      const affordable = Math.min(points, limit)
      const ahead = lastOf.get(owner)
      if (!ahead && bucketOf(owner).tryRemoveTokens(affordable)) return
      const turn = Promise.resolve(ahead).then(() => wait(owner, affordable, signal))
      const last = turn.catch(() => {})
      lastOf.set(owner, last)
      void last.then(() => lastOf.get(owner) === last && lastOf.delete(owner))
      return turn
    },
    remaining(owner) {
      const bucket = buckets.get(owner)
      if (!bucket) return limit
      bucket.drip()
      return bucket.content
    },
    state(owner) {
      const bucket = buckets.get(owner) ?? fullBucket()
      const resetSeconds = Math.ceil(bucket.getWaitTime(limit) / 1_000)
      return { limit, remaining: Math.floor(bucket.content), resetSeconds }
    },
  }
}
