/**
 * Passes on no more than one call a time for each name, and how many came since the last one that it passed on. So what
 * fails a thousand times a second is told, and fills no disk.
 */
export function seldom<Rest extends unknown[]>(
  everyMs: number,
  tell: (name: string, count: number, ...rest: Rest) => void,
): (name: string, ...rest: Rest) => void {
  const told = new Map<string, { at: number; since: number }>()
  return (name, ...rest) => {
    const now = performance.now()
    const last = told.get(name) ?? { at: Number.NEGATIVE_INFINITY, since: 0 }
    last.since++
    told.set(name, last)
    if (now - last.at < everyMs) return
    const count = last.since
    told.set(name, { at: now, since: 0 })
    tell(name, count, ...rest)
  }
}
