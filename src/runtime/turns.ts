/** Who asks for turns. One request uses one object, so that its own turns can be counted. */
export type Owner = { keyId: string; workspaceId: string }

/** Shares a fixed number of slots fairly among many owners. */
export type Turns = {
  /**
   * Waits for a slot. Returns a function that gives it back; calling it again does nothing.
   * @throws what `refuse` returns when the wait is too long; the signal's reason when it aborts
   */
  take(owner: Owner, signal?: AbortSignal): Promise<() => void>
}

export type TurnsOptions = {
  slots: number
  /** How long an owner waits for the slots of others. */
  patienceMs: number
  /** How long an owner waits for its own slots. */
  ownPatienceMs: number
  /** The error for a wait that is too long. `isOwn`: the owner itself has as many slots as it may. */
  refuse(isOwn: boolean): Error
}

type Waiter = { start(): void }

/**
 * The most slots that one request, one key and one workspace have at once, and the slots that are kept for workspaces
 * that have none. So one key cannot keep the others waiting, however much it asks for.
 */
function sharesOf(slots: number) {
  const part = (share: number) => Math.max(1, Math.floor(slots * share))
  return { request: part(0.3), key: part(0.4), workspace: part(0.5), spare: Math.floor(slots * 0.2) }
}

/** Requests that wait take turns: the one that was served last comes last. */
export function createTurns({ slots, patienceMs, ownPatienceMs, refuse }: TurnsOptions): Turns {
  const most = sharesOf(slots)
  const taken = new Map<unknown, number>()
  const waiting = new Map<Owner, Waiter[]>()
  let total = 0

  const countersOf = (owner: Owner) => [owner, `key ${owner.keyId}`, `workspace ${owner.workspaceId}`]
  const counts = (owner: Owner) => countersOf(owner).map(counter => taken.get(counter) ?? 0)

  function add(owner: Owner, change: 1 | -1): void {
    total += change
    for (const counter of countersOf(owner)) {
      const count = (taken.get(counter) ?? 0) + change
      if (count > 0) taken.set(counter, count)
      else taken.delete(counter)
    }
  }

  function hasItsShare(owner: Owner): boolean {
    const [request = 0, key = 0, workspace = 0] = counts(owner)
    return request >= most.request || key >= most.key || workspace >= most.workspace
  }

  function isBusyItself(owner: Owner): boolean {
    const [request = 0, key = 0] = counts(owner)
    return request >= most.request || key >= most.key
  }

  function isFree(owner: Owner): boolean {
    const isFirst = !taken.has(`workspace ${owner.workspaceId}`)
    return total < (isFirst ? slots : slots - most.spare) && !hasItsShare(owner)
  }

  function begin(owner: Owner): () => void {
    add(owner, 1)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      add(owner, -1)
      serve()
    }
  }

  /** An owner that is put back is visited again, after all others. */
  function serve(): void {
    for (const [owner, waiters] of waiting) {
      if (total >= slots) return
      const [first] = waiters
      if (!first || !isFree(owner)) continue
      waiting.delete(owner)
      if (waiters.length > 1) waiting.set(owner, waiters.slice(1))
      first.start()
    }
  }

  function wait(owner: Owner, signal: AbortSignal | undefined): Promise<() => void> {
    const { promise, resolve, reject } = Promise.withResolvers<() => void>()
    const leave = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      const others = waiting.get(owner)?.filter(each => each !== waiter) ?? []
      if (others.length > 0) waiting.set(owner, others)
      else waiting.delete(owner)
    }
    const giveUp = (error: unknown) => {
      leave()
      reject(error)
    }
    const abort = () => giveUp(signal?.reason)
    const late = () => {
      if (!hasItsShare(owner)) return giveUp(refuse(false))
      timer = setTimeout(() => giveUp(refuse(isBusyItself(owner))), Math.max(0, ownPatienceMs - patienceMs))
    }
    const waiter = {
      start() {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        resolve(begin(owner))
      },
    }
    let timer = setTimeout(late, patienceMs)
    signal?.addEventListener('abort', abort, { once: true })
    waiting.set(owner, [...(waiting.get(owner) ?? []), waiter])
    return promise
  }

  return {
    async take(owner, signal) {
      signal?.throwIfAborted()
      return !waiting.has(owner) && isFree(owner) ? begin(owner) : wait(owner, signal)
    },
  }
}
