import { refusal } from '../domain/errors.ts'
import type { Event } from '../domain/event/rows.ts'
import type { Answer } from './answer.ts'
import { createAnswerMemory } from './answer-memory.ts'
import { type Broadcast, type BroadcastOptions, createBroadcast } from './broadcast.ts'
import type { Feeds } from './feeds.ts'

/** The broadcasts of this process. */
export type Broadcasts = {
  /**
   * The broadcast with this key in a workspace. All who join with the same key share it and its answers, until the last
   * of them calls `leave`. The first one's `execute` is used for all events; its signal aborts when the last one leaves.
   * @throws Refusal LIMIT_EXCEEDED when the caller's API key has too many different broadcasts, or too dear ones
   */
  join(joining: Joining): { broadcast: Broadcast; leave(): void }
  /**
   * The same for a source other than the log, whose values are objects. Subscriptions with the same key that get the
   * same value share its answer.
   * @throws Refusal LIMIT_EXCEEDED
   */
  joinSource(joining: Omit<Joining, 'execute'>): SharedSource
  /** How many subscriptions to the log are open, event streams included. */
  subscribers(): number
}

type SharedSource = {
  /** The answer to a value: that of another subscription, or what `execute` returns. */
  answer(value: object, execute: () => Promise<string>): Promise<Answer>
  leave(): void
}

type Joining = {
  workspaceId: string
  key: string
  /** The API key of the caller. */
  keyId: string
  /** What one event costs. */
  cost: number
  execute(event: Event, signal: AbortSignal): Promise<string>
}

/** What the broadcasts of one API key may be: each of them executes every matching event by itself. */
export type BroadcastLimits = { maxBroadcastsPerKey: number; maxQueryCost: number }

type Shared = { broadcast: Broadcast; users: number; left: AbortController }

/** Broadcasts over the logs of these feeds. */
export function createBroadcasts(feeds: Feeds, limits: BroadcastLimits): Broadcasts {
  const broadcasts = new Map<string, Shared>()
  const memory = createAnswerMemory()
  const ofKeys = new Map<string, Map<string, { cost: number; users: number }>>()

  /** Counts each different broadcast of an API key once. */
  function joinKey(keyId: string, id: string, cost: number): () => void {
    const own = ofKeys.get(keyId) ?? new Map<string, { cost: number; users: number }>()
    const entry = own.get(id) ?? { cost, users: 0 }
    if (entry.users === 0) requireRoom([...own.values()], cost, limits)
    ofKeys.set(keyId, own.set(id, entry))
    entry.users++
    return () => {
      entry.users--
      if (entry.users === 0) own.delete(id)
      if (own.size === 0) ofKeys.delete(keyId)
    }
  }

  const ofValues = new WeakMap<object, Map<string, Promise<Answer>>>()

  /** An answer that fails is not kept. */
  function answerTo(value: object, id: string, execute: () => Promise<string>): Promise<Answer> {
    const answers = ofValues.get(value) ?? new Map<string, Promise<Answer>>()
    ofValues.set(value, answers)
    const answer = answers.get(id) ?? execute().then(text => ({ text, cursor: null }))
    answers.set(id, answer)
    answer.catch(() => answers.delete(id))
    return answer
  }

  return {
    joinSource({ workspaceId, key, keyId, cost }) {
      const id = `${workspaceId} ${key}`
      return { answer: (value, execute) => answerTo(value, id, execute), leave: joinKey(keyId, id, cost) }
    },
    join({ workspaceId, key, keyId, cost, execute }) {
      const id = `${workspaceId} ${key}`
      const leaveKey = joinKey(keyId, id, cost)
      const followFrom: BroadcastOptions['followFrom'] = (seq, filter) =>
        feeds.followFrom(workspaceId, seq, filter)
      const create = () => {
        const left = new AbortController()
        const executeHere = (event: Event) => execute(event, left.signal)
        const broadcast = createBroadcast({ execute: executeHere, followFrom, answers: memory.answers() })
        return { broadcast, users: 0, left }
      }
      const shared = broadcasts.get(id) ?? create()
      broadcasts.set(id, shared)
      shared.users++
      let hasLeft = false
      return {
        broadcast: shared.broadcast,
        leave() {
          if (hasLeft) return
          hasLeft = true
          leaveKey()
          shared.users--
          if (shared.users > 0) return
          if (broadcasts.get(id) === shared) broadcasts.delete(id)
          shared.left.abort(refusal('UNAVAILABLE', 'All subscribers have left.'))
        },
      }
    },
    subscribers: () => [...broadcasts.values()].reduce((sum, { users }) => sum + users, 0),
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
