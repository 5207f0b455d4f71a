/**
 * Shares work among all who want its result. Each gets a result of work that began after it was asked for, and at most
 * one runs at a time: those who come while it runs share the next one, which begins in the same step that it ends.
 */
export function shareNext<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | null = null
  let next: PromiseWithResolvers<Result> | null = null

  function begin(): Promise<Result> {
    const begun = work()
    running = begun
    begun.then(end, end)
    return begun
  }

  function end(): void {
    running = null
    const waited = next
    next = null
    waited?.resolve(begin())
  }

  return () => {
    if (!running) return begin()
    next ??= Promise.withResolvers()
    return next.promise
  }
}

/** The same for work that reads for many at once: it is given what all who share it have asked for, each value once. */
export function shareNextOf<Asked, Result>(
  work: (asked: Asked[]) => Promise<Result>,
): (asked: Asked) => Promise<Result> {
  let waiting = new Set<Asked>()
  const share = shareNext(() => {
    const all = [...waiting]
    waiting = new Set()
    return work(all)
  })
  return asked => {
    waiting.add(asked)
    return share()
  }
}
