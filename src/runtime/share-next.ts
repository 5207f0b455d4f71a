/**
 * Shares work among all who want its result. Each gets a result of work that began after it was asked for, and at most
 * one runs at a time: those who come while it runs share the next one.
 */
export function shareNext<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | null = null
  let next: Promise<Result> | null = null

  function begin(): Promise<Result> {
    next = null
    const begun = work().finally(() => {
      if (running === begun) running = null
    })
    running = begun
    return begun
  }

  return () => {
    if (!running) return begin()
    next ??= running.then(begin, begin)
    return next
  }
}
