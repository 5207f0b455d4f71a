import { TokenBucket } from 'limiter'
import { LRUCache } from 'lru-cache'
import { createWaitingLines } from './waiting-lines.ts'

/** What an owner may still spend, and when it may spend everything again. */
export type BudgetState = { limit: number; remaining: number; resetSeconds: number }

/** What each owner may spend: a leaky bucket, from which what was spent runs out evenly. */
export type Budget = {
  /** @throws what `refuse` returns, when the owner has not enough left. Nothing is spent then. */
  spend(owner: string, points: number): Promise<void>
  /** Spends if the owner has enough left and nobody waits for it. Returns whether it did. */
  trySpend(owner: string, points: number): boolean
  /** Gives back what was spent for nothing. */
  giveBack(owner: string, points: number): void
  /**
   * Spends as soon as the owner has enough left, first come, first served.
   * @throws the signal's reason when it aborts, at once
   */
  spendWhenPossible(owner: string, points: number, signal: AbortSignal | undefined): Promise<void>
  /** What an owner may spend now. */
  remaining(owner: string): number
  state(owner: string): BudgetState
}

export type BudgetOptions = {
  /** What an owner may spend at once, and in each window on average. */
  limit: number
  windowSeconds: number
  /** The error for an owner that has not enough left. It has after `waitSeconds`. */
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
  const buckets = new LRUCache<string, TokenBucket>({
    // With `max` it would take the memory of 100,000 owners, 4 MB, before the first one comes.
    maxSize: maxOwners,
    sizeCalculation: () => 1,
    ttl: windowMs,
    updateAgeOnGet: true,
  })

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

  const lines = createWaitingLines<true>((owner, points) => {
    const bucket = bucketOf(owner)
    if (bucket.tryRemoveTokens(points)) return true
    serveAfter(owner, bucket.getWaitTime(points))
    return null
  })

  /** One timer for each owner, for the first one that waits. */
  const timers = new Map<string, NodeJS.Timeout>()

  function serveAfter(owner: string, waitMs: number): void {
    clearTimeout(timers.get(owner))
    const serve = () => {
      timers.delete(owner)
      lines.serve(owner)
    }
    timers.set(owner, setTimeout(serve, waitMs).unref())
  }

  // An amount above the limit is charged as the limit.
  const affordable = (points: number) => Math.min(points, limit)

  return {
    async spend(owner, points) {
      const bucket = bucketOf(owner)
      if (bucket.tryRemoveTokens(points)) return
      const waitMs = points > limit ? windowMs : bucket.getWaitTime(points)
      throw refuse(Math.ceil(waitMs / 1_000))
    },
    trySpend: (owner, points) => !lines.has(owner) && bucketOf(owner).tryRemoveTokens(affordable(points)),
    giveBack(owner, points) {
      const bucket = bucketOf(owner)
      bucket.drip()
      bucket.content = Math.min(limit, bucket.content + points)
      lines.serve(owner)
    },
    async spendWhenPossible(owner, points, signal) {
      await lines.take(owner, affordable(points), signal)
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
