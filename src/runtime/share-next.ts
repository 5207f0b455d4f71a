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
