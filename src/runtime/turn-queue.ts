/** Who asks for turns. One request uses one object, so that its own turns can be counted. */
export type Owner = {
  keyId: string
  workspaceId: string
  /** The API key that a key of the gateway's own, such as one for live events, works for; left out: `keyId`. */
  apiKeyId?: string
}

/** Those who wait for a turn. The key that was served last comes last, and within a key its request. */
export type TurnQueue<Waiter> = {
  add(owner: Owner, waiter: Waiter): void
  remove(owner: Owner, waiter: Waiter): void
  /** Whether a request waits already. */
  has(owner: Owner): boolean
  /** How many wait with a key. */
  countOf(keyId: string): number
  /** Takes out the next one that may be served; undefined: there is none. */
  next(mayBeServed: MayBeServed): Waiter | undefined
}

/** `key` is asked first, with any request of the key. So a key with many requests costs no more than one with few. */
type MayBeServed = { key(owner: Owner): boolean; request(owner: Owner): boolean }

type Requests<Waiter> = Map<Owner, Set<Waiter>>

export function createTurnQueue<Waiter>(): TurnQueue<Waiter> {
  const keys = new Map<string, Requests<Waiter>>()
  const counts = new Map<string, number>()

  function remove(owner: Owner, waiter: Waiter): void {
    const { keyId } = owner
    const requests = keys.get(keyId)
    const waiters = requests?.get(owner)
    if (!requests || !waiters?.delete(waiter)) return
    counts.set(keyId, (counts.get(keyId) ?? 1) - 1)
    if (waiters.size === 0) requests.delete(owner)
    if (requests.size > 0) return
    keys.delete(keyId)
    counts.delete(keyId)
  }

  /** Puts a key and its request behind all others. */
  function rotate(requests: Requests<Waiter>, owner: Owner, waiters: Set<Waiter>): void {
    requests.delete(owner)
    requests.set(owner, waiters)
    keys.delete(owner.keyId)
    keys.set(owner.keyId, requests)
  }

  function nextOf(requests: Requests<Waiter>, { key, request }: MayBeServed): Waiter | undefined {
    const [any] = requests.keys()
    if (!any || !key(any)) return undefined
    for (const [owner, waiters] of requests) {
      if (!request(owner)) continue
      const [waiter] = waiters
      rotate(requests, owner, waiters)
      if (waiter) remove(owner, waiter)
      return waiter
    }
    return undefined
  }

  return {
    add(owner, waiter) {
      const { keyId } = owner
      const requests: Requests<Waiter> = keys.get(keyId) ?? new Map()
      keys.set(keyId, requests)
      requests.set(owner, (requests.get(owner) ?? new Set()).add(waiter))
      counts.set(keyId, (counts.get(keyId) ?? 0) + 1)
    },
    remove,
    has: owner => keys.get(owner.keyId)?.has(owner) ?? false,
    countOf: keyId => counts.get(keyId) ?? 0,
    next(mayBeServed) {
      for (const requests of keys.values()) {
        const waiter = nextOf(requests, mayBeServed)
        if (waiter) return waiter
      }
      return undefined
    },
  }
}
