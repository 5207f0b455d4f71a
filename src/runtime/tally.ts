/** Counts what each owner has, up to a number. */
export type Tally = {
  /** Counts one more. Returns a function that counts it no longer; null: the owner has as many as it may. */
  take(owner: string): (() => void) | null
}

export function createTally(max: number): Tally {
  const counts = new Map<string, number>()
  return {
    take(owner) {
      const count = counts.get(owner) ?? 0
      if (count >= max) return null
      counts.set(owner, count + 1)
      let isCounted = true
      return () => {
        if (!isCounted) return
        isCounted = false
        const left = (counts.get(owner) ?? 1) - 1
        if (left > 0) counts.set(owner, left)
        else counts.delete(owner)
      }
    },
  }
}
