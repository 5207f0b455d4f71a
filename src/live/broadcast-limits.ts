import { refusal } from '../domain/errors.ts'

/** What the broadcasts of one API key may be: each of them executes every matching event by itself. */
export type BroadcastLimits = { maxBroadcastsPerKey: number; maxQueryCost: number }

type Counted = { cost: number; users: number }

/**
 * Counts each different broadcast of an API key once. The function that it returns joins one, and returns a function
 * that leaves it; calling that again does nothing.
 * @throws Refusal LIMIT_EXCEEDED
 */
export function limitBroadcasts(limits: BroadcastLimits) {
  const ofKeys = new Map<string, Map<string, Counted>>()

  return (keyId: string, id: string, cost: number): (() => void) => {
    const own = ofKeys.get(keyId) ?? new Map<string, Counted>()
    const counted = own.get(id) ?? { cost, users: 0 }
    if (counted.users === 0) requireRoom([...own.values()], cost, limits)
    ofKeys.set(keyId, own.set(id, counted))
    counted.users++
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      counted.users--
      if (counted.users === 0) own.delete(id)
      if (own.size === 0 && ofKeys.get(keyId) === own) ofKeys.delete(keyId)
    }
  }
}

function requireRoom(
  own: readonly { cost: number }[],
  cost: number,
  { maxBroadcastsPerKey, maxQueryCost }: BroadcastLimits,
): void {
  if (own.length >= maxBroadcastsPerKey)
    throw refusal('LIMIT_EXCEEDED', `A key may have ${maxBroadcastsPerKey} different subscriptions at once.`)
  const sum = own.reduce((sum, each) => sum + each.cost, cost)
  if (sum > maxQueryCost)
    throw refusal(
      'LIMIT_EXCEEDED',
      `The different subscriptions of a key may together cost ${maxQueryCost} an event. With this one they cost ${sum}.`,
    )
}
