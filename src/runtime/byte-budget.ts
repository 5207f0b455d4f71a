/** Bytes that are held in memory, each for one owner that may hold a limited number. */
export type ByteBudget = {
  /** How many bytes an owner may hold. */
  maxBytes: number
  /** Counts bytes, if the owner may hold so many more. Returns a function as `hold` does; null: it may not. */
  take(owner: string, bytes: number): (() => void) | null
  /** Counts bytes that are held already. Returns a function that stops counting them; calling it again does nothing. */
  hold(owner: string, bytes: number): () => void
  /** Waits until the owner may hold so many more, first come, first served. One that holds nothing never waits. */
  room(owner: string, bytes: number): Promise<() => void>
}

type Waiter = { bytes: number; start(release: () => void): void }

export function createByteBudget(maxBytes: number): ByteBudget {
  const held = new Map<string, number>()
  const waiting = new Map<string, Waiter[]>()

  const of = (owner: string) => held.get(owner) ?? 0
  const fits = (owner: string, bytes: number) => of(owner) === 0 || of(owner) + bytes <= maxBytes

  function hold(owner: string, bytes: number): () => void {
    held.set(owner, of(owner) + bytes)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      const left = of(owner) - bytes
      if (left > 0) held.set(owner, left)
      else held.delete(owner)
      serve(owner)
    }
  }

  function serve(owner: string): void {
    const waiters = waiting.get(owner) ?? []
    for (let next = waiters[0]; next && fits(owner, next.bytes); next = waiters[0]) {
      waiters.shift()
      next.start(hold(owner, next.bytes))
    }
    if (waiters.length === 0) waiting.delete(owner)
  }

  return {
    maxBytes,
    take: (owner, bytes) => (of(owner) + bytes <= maxBytes ? hold(owner, bytes) : null),
    hold,
    async room(owner, bytes) {
      if (!waiting.has(owner) && fits(owner, bytes)) return hold(owner, bytes)
      const waiters = waiting.get(owner) ?? []
      waiting.set(owner, waiters)
      return new Promise(start => waiters.push({ bytes, start }))
    },
  }
}
