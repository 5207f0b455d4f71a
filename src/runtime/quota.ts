/** Stops counting what was taken. Calling it again does nothing. */
export type Release = () => void

/** What each owner holds at once, of a limited amount: bytes, sockets, replays. */
export type Quota = {
  /** How much an owner may hold. */
  max: number
  /** Counts more, if the owner may hold it; null: it may not. */
  take(owner: string, amount: number): Release | null
  /** Counts what is held already, also beyond the limit. */
  hold(owner: string, amount: number): Release
  /**
   * Waits until the owner may hold so much more, first come, first served. An owner that holds nothing never waits.
   * @throws the signal's reason when it aborts
   */
  room(owner: string, amount: number, signal?: AbortSignal): Promise<Release>
}

type Waiter = { amount: number; start(): void }

export function createQuota(max: number): Quota {
  const held = new Map<string, number>()
  const waiting = new Map<string, Set<Waiter>>()

  const of = (owner: string) => held.get(owner) ?? 0
  const fits = (owner: string, amount: number) => of(owner) === 0 || of(owner) + amount <= max

  function hold(owner: string, amount: number): Release {
    held.set(owner, of(owner) + amount)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      const left = of(owner) - amount
      if (left > 0) held.set(owner, left)
      else held.delete(owner)
      serve(owner)
    }
  }

  function serve(owner: string): void {
    for (const waiter of waiting.get(owner) ?? []) {
      if (!fits(owner, waiter.amount)) return
      leave(owner, waiter)
      waiter.start()
    }
  }

  function leave(owner: string, waiter: Waiter): void {
    const waiters = waiting.get(owner)
    waiters?.delete(waiter)
    if (waiters?.size === 0) waiting.delete(owner)
  }

  function wait(owner: string, amount: number, signal: AbortSignal | undefined): Promise<Release> {
    const { promise, resolve, reject } = Promise.withResolvers<Release>()
    const abort = () => {
      leave(owner, waiter)
      reject(signal?.reason)
      // Those behind it may need less.
      serve(owner)
    }
    const waiter: Waiter = {
      amount,
      start() {
        signal?.removeEventListener('abort', abort)
        resolve(hold(owner, amount))
      },
    }
    signal?.addEventListener('abort', abort, { once: true })
    waiting.set(owner, (waiting.get(owner) ?? new Set()).add(waiter))
    return promise
  }

  return {
    max,
    take: (owner, amount) => (of(owner) + amount <= max ? hold(owner, amount) : null),
    hold,
    async room(owner, amount, signal) {
      signal?.throwIfAborted()
      return !waiting.has(owner) && fits(owner, amount) ? hold(owner, amount) : wait(owner, amount, signal)
    },
  }
}

/** Takes from several quotas: all or nothing. */
export function takeAll(...takes: (() => Release | null)[]): Release | null {
  const releases: Release[] = []
  const releaseAll = () => {
    for (const release of releases) release()
  }
  for (const take of takes) {
    const release = take()
    if (release) releases.push(release)
    else {
      releaseAll()
      return null
    }
  }
  return releaseAll
}
