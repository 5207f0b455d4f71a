/** Those who wait for an amount, in a line for each owner: first come, first served. */
export type WaitingLines<Given> = {
  /**
   * Gives the amount at once if there is enough and nobody waits, otherwise when its turn comes.
   * @throws the signal's reason when it aborts, at once
   */
  take(owner: string, amount: number, signal: AbortSignal | undefined): Promise<Given>
  /** Serves an owner's line as far as there is enough now. */
  serve(owner: string): void
  /** Whether anybody waits. */
  has(owner: string): boolean
}

type Waiter<Given> = { amount: number; start(given: Given): void }

/** @param give gives an amount; null: there is not enough yet. It is asked only for the first of a line. */
export function createWaitingLines<Given>(
  give: (owner: string, amount: number) => Given | null,
): WaitingLines<Given> {
  const lines = new Map<string, Set<Waiter<Given>>>()

  function serve(owner: string): void {
    for (const waiter of lines.get(owner) ?? []) {
      const given = give(owner, waiter.amount)
      if (given === null) return
      leave(owner, waiter)
      waiter.start(given)
    }
  }

  function leave(owner: string, waiter: Waiter<Given>): void {
    const line = lines.get(owner)
    line?.delete(waiter)
    if (line?.size === 0) lines.delete(owner)
  }

  function wait(owner: string, amount: number, signal: AbortSignal | undefined): Promise<Given> {
    const { promise, resolve, reject } = Promise.withResolvers<Given>()
    const abort = () => {
      leave(owner, waiter)
      reject(signal?.reason)
      // Those behind it may need less.
      serve(owner)
    }
    const waiter: Waiter<Given> = {
      amount,
      start(given) {
        signal?.removeEventListener('abort', abort)
        resolve(given)
      },
    }
    signal?.addEventListener('abort', abort, { once: true })
    lines.set(owner, (lines.get(owner) ?? new Set()).add(waiter))
    return promise
  }

  return {
    async take(owner, amount, signal) {
      signal?.throwIfAborted()
      return (lines.has(owner) ? null : give(owner, amount)) ?? wait(owner, amount, signal)
    },
    serve,
    has: owner => lines.has(owner),
  }
}
