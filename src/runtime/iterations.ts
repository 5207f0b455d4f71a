/** Shares the iterations of the event loop among many owners. */
export type Iterations = {
  /**
   * Does a piece of work now, or in one of the next iterations if this one has had enough. Owners that wait take turns. What
   * one owner asks for is done in that order.
   */
  run(owner: string, work: () => void): void
}

/** @param size how many pieces of work are done in one iteration, before other requests and timers have their turn */
export function createIterations(size: number): Iterations {
  /** The owner that was served last comes last. */
  const waiting = new Map<string, Set<() => void>>()
  let room = size
  let isScheduled = false

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      room = size
      while (room > 0 && waiting.size > 0) serve()
    })
  }

  function serve(): void {
    for (const [owner, line] of waiting) {
      waiting.delete(owner)
      const [work] = line
      if (work) line.delete(work)
      if (line.size > 0) waiting.set(owner, line)
      if (work) begin(work)
      return
    }
  }

  function begin(work: () => void): void {
    room--
    schedule()
    work()
  }

  return {
    run(owner, work) {
      // While there is room, nobody waits.
      if (room > 0) begin(work)
      else waiting.set(owner, (waiting.get(owner) ?? new Set()).add(work))
    },
  }
}
