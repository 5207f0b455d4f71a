/** Runs work for workspaces, a limited number at a time. Those that wait take turns. */
export type MailQueue = {
  /**
   * Runs the work as soon as it is its workspace's turn: that with the least work running, then that which has waited
   * longest. Returns null, and runs nothing, if too much work waits already.
   */
  run<Result>(workspaceId: string, work: () => Promise<Result>): Promise<Result> | null
}

export type MailQueueOptions = {
  maxAtOnce: number
  maxWaiting: number
  /** How much of what waits may belong to one workspace, so that there is room for others. */
  maxWaitingOfOne: number
}

export function createMailQueue({ maxAtOnce, maxWaiting, maxWaitingOfOne }: MailQueueOptions): MailQueue {
  /** In the order in which the workspaces had their last turn. */
  const waiting = new Map<string, (() => void)[]>()
  const running = new Map<string, number>()

  const sumOf = (counts: Iterable<number>) => [...counts].reduce((sum, count) => sum + count, 0)
  const countOf = (workspaceId: string) => running.get(workspaceId) ?? 0

  function next(): void {
    if (sumOf(running.values()) >= maxAtOnce) return
    const [workspaceId] = [...waiting.keys()].sort((one, other) => countOf(one) - countOf(other))
    if (workspaceId === undefined) return
    const [begin, ...others] = waiting.get(workspaceId) ?? []
    waiting.delete(workspaceId)
    if (others.length > 0) waiting.set(workspaceId, others)
    running.set(workspaceId, countOf(workspaceId) + 1)
    begin?.()
  }

  function end(workspaceId: string): void {
    const left = countOf(workspaceId) - 1
    if (left > 0) running.set(workspaceId, left)
    else running.delete(workspaceId)
    next()
  }

  return {
    run(workspaceId, work) {
      const own = waiting.get(workspaceId) ?? []
      const all = sumOf([...waiting.values()].map(({ length }) => length))
      if (all >= maxWaiting || own.length >= maxWaitingOfOne) return null
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.set(workspaceId, [...own, resolve])
      next()
      return promise.then(work).finally(() => end(workspaceId))
    },
  }
}
