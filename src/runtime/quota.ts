import { createWaitingLines } from './waiting-lines.ts'

/** Stops counting what was taken. Calling it again does nothing. */
export type Release = () => void

/** What each owner holds at once, of a limited amount: bytes, sockets, catch-ups. */
export type Quota = {
  /** How much an owner may hold. */
  max: number
  /** Counts more, if the owner may hold it, before those who wait for room; null: it may not. */
  take(owner: string, amount: number): Release | null
  /** Counts what is held already, also beyond the limit. */
  hold(owner: string, amount: number): Release
  /**
   * Waits until the owner may hold that much more, first come, first served. An owner that holds nothing never waits.
   * @throws the signal's reason when it aborts
   */
  takeWhenPossible(owner: string, amount: number, signal: AbortSignal | undefined): Promise<Release>
  /** Whether an owner holds all that it may, or more. */
  isFull(owner: string): boolean
  /** Whether anybody waits for room. */
  isWaitedFor(owner: string): boolean
}

export function createQuota(max: number): Quota {
  const held = new Map<string, number>()

  const heldBy = (owner: string) => held.get(owner) ?? 0
  const fits = (owner: string, amount: number) => heldBy(owner) === 0 || heldBy(owner) + amount <= max
  const lines = createWaitingLines((owner, amount) => (fits(owner, amount) ? hold(owner, amount) : null))

  function hold(owner: string, amount: number): Release {
    held.set(owner, heldBy(owner) + amount)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      const left = heldBy(owner) - amount
      if (left > 0) held.set(owner, left)
      else held.delete(owner)
      lines.serve(owner)
    }
  }

  return {
    max,
    take: (owner, amount) => (heldBy(owner) + amount <= max ? hold(owner, amount) : null),
    hold,
    isFull: owner => heldBy(owner) >= max,
    takeWhenPossible: lines.take,
    isWaitedFor: lines.has,
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
