import { createTurnQueue, type Owner } from './turn-queue.ts'

export type { Owner }

/** Shares a fixed number of slots fairly among many owners. */
export type Turns = {
  /**
   * Waits for a slot. Returns a function that gives it back; calling it again does nothing.
   * @throws what `refuse` returns when the wait is too long or too many wait; the signal's reason when it aborts
   */
  take(owner: Owner, signal?: AbortSignal): Promise<() => void>
  /** How many wait. */
  waiting(): number
  /** How many have waited so far, and for how long all together. */
  waited(): { count: number; seconds: number }
}

export type TurnsOptions = {
  slots: number
  /** How long an owner waits for the slots of others. */
  waitMs: number
  /** How long an owner waits for its own slots. */
  ownWaitMs: number
  /** The error for a wait that is too long. `isOwn`: the owner itself has as many slots as it may. */
  refuse(isOwn: boolean): Error
}

type Waiter = { start(): void }

/** Further ones of a key are refused at once. */
const maxWaitingOfKey = 10_000

/**
 * The most slots that one request, one key and one workspace have at once, and the slots that are kept for workspaces
 * that have none. So one key cannot keep the others waiting, however much it asks for. The last slot of a workspace is
 * kept for an API key that has none, if its share has room for more than one key.
 */
function sharesOf(slots: number) {
  const part = (share: number) => Math.max(1, Math.floor(slots * share))
  return { request: part(0.3), key: part(0.4), workspace: part(0.6), spare: Math.floor(slots * 0.2) }
}

/** How many slots each has; whoever has none takes no memory. */
function createCounts<Name = string>() {
  const numbers = new Map<Name, number>()
  const of = (name: Name) => numbers.get(name) ?? 0
  return {
    of,
    add(name: Name, change: 1 | -1): void {
      const count = of(name) + change
      if (count > 0) numbers.set(name, count)
      else numbers.delete(name)
    },
  }
}

/** Keys that wait take turns, and so do the requests of a key. */
export function createTurns({ slots, waitMs, ownWaitMs, refuse }: TurnsOptions): Turns {
  const max = sharesOf(slots)
  const taken = {
    request: createCounts<Owner>(),
    key: createCounts(),
    apiKey: createCounts(),
    workspace: createCounts(),
  }
  const waiting = createTurnQueue<Waiter>()
  let total = 0
  let waitingNow = 0

  const apiKeyOf = ({ apiKeyId, keyId }: Owner) => apiKeyId ?? keyId

  function add(owner: Owner, change: 1 | -1): void {
    total += change
    taken.request.add(owner, change)
    taken.key.add(owner.keyId, change)
    taken.apiKey.add(apiKeyOf(owner), change)
    taken.workspace.add(owner.workspaceId, change)
  }

  const hasRequestShare = (owner: Owner) => taken.request.of(owner) >= max.request
  const hasKeyShare = ({ keyId }: Owner) => taken.key.of(keyId) >= max.key
  const hasWorkspaceShare = (owner: Owner) => {
    const kept = taken.apiKey.of(apiKeyOf(owner)) > 0 && max.workspace > max.key ? 1 : 0
    return taken.workspace.of(owner.workspaceId) >= max.workspace - kept
  }

  const isBusyItself = (owner: Owner) => hasRequestShare(owner) || hasKeyShare(owner)
  const hasItsShare = (owner: Owner) => isBusyItself(owner) || hasWorkspaceShare(owner)

  /** Whether there is a slot for a key. */
  function isFree(owner: Owner): boolean {
    const isFirst = taken.workspace.of(owner.workspaceId) === 0
    return total < (isFirst ? slots : slots - max.spare) && !hasKeyShare(owner) && !hasWorkspaceShare(owner)
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

  const mayBeServed = { key: isFree, request: (owner: Owner) => !hasRequestShare(owner) }

  function serve(): void {
    while (total < slots) {
      const waiter = waiting.next(mayBeServed)
      if (!waiter) return
      waiter.start()
    }
  }

  function wait(owner: Owner, signal: AbortSignal | undefined): Promise<() => void> {
    const { promise, resolve, reject } = Promise.withResolvers<() => void>()
    const leave = () => {
      waitingNow--
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      waiting.remove(owner, waiter)
    }
    const giveUp = (error: unknown) => {
      leave()
      reject(error)
    }
    const abort = () => giveUp(signal?.reason)
    const late = () => {
      if (!hasItsShare(owner)) return giveUp(refuse(false))
      timer = setTimeout(() => giveUp(refuse(isBusyItself(owner))), Math.max(0, ownWaitMs - waitMs))
    }
    const waiter = {
      start() {
        waitingNow--
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        resolve(begin(owner))
      },
    }
    let timer = setTimeout(late, waitMs)
    signal?.addEventListener('abort', abort, { once: true })
    waiting.add(owner, waiter)
    waitingNow++
    return promise
  }

  const waited = { count: 0, seconds: 0 }
  return {
    async take(owner, signal) {
      signal?.throwIfAborted()
      if (!waiting.has(owner) && isFree(owner) && !hasRequestShare(owner)) return begin(owner)
      if (waiting.countOf(owner.keyId) >= maxWaitingOfKey) throw refuse(true)
      const begun = performance.now()
      try {
        return await wait(owner, signal)
      } finally {
        waited.count++
        waited.seconds += (performance.now() - begun) / 1_000
      }
    },
    waiting: () => waitingNow,
    waited: () => waited,
  }
}
