/** Shares the iterations of the event loop among many owners. */
export type Iterations = {
  /**
   * Does a piece of work now, or in one of the next iterations if this one has had enough. Owners that wait take turns. What
   * one owner asks for is done in that order.
   */
  run(owner: string, work: () => void): void
}

/** What one owner waits for, and how much of it was done. */
type Line = { work: (() => void)[]; done: number }

/** @param size how many pieces of work are done in one iteration, before other requests and timers have their turn */
export function createIterations(size: number): Iterations {
  /** The owner that was served last comes last. */
  const waiting = new Map<string, Line>()
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
      const work = line.work[line.done++]
      waiting.delete(owner)
      if (line.done < line.work.length) waiting.set(owner, line)
      if (work) begin(work)
      return
    }
  }

  function addTo(owner: string, work: () => void): void {
    const line = waiting.get(owner) ?? { work: [], done: 0 }
    line.work.push(work)
    waiting.set(owner, line)
  }

  function begin(work: () => void): void {
    room--
    schedule()
    work()
  }

  return {
    run(owner, work) {
      // Work that asks for more, while others wait, does not overtake them.
      if (room > 0 && waiting.size === 0) begin(work)
      else addTo(owner, work)
    },
  }
}
