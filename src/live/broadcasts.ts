import { refusal } from '../domain/errors.ts'
import type { Event } from '../domain/event/rows.ts'
import type { Budget } from '../runtime/budget.ts'
import { createQuota } from '../runtime/quota.ts'
import type { Answer } from './answer.ts'
import { createAnswerMemory } from './answer-memory.ts'
import { type Broadcast, createBroadcast } from './broadcast.ts'
import { type BroadcastLimits, limitBroadcasts } from './broadcast-limits.ts'
import { maxCatchUpsPerKey } from './catch-up.ts'
import type { Feeds } from './feeds.ts'
import { createPayers, type Payer, type Payers } from './payers.ts'
import { createValueAnswers } from './value-answers.ts'

/** The broadcasts of this process. */
export type Broadcasts = {
  /**
   * Joins those who share a key in a workspace: they share its answers, until the last of them calls `leave`. The first
   * one's `execute` is used for all.
   * @throws Refusal LIMIT_EXCEEDED when the caller's API key has too many different broadcasts, or too dear ones
   */
  join(joining: Joining): Joined
  /** How many subscriptions are open, event streams included. */
  subscribers(): number
  /** How many events of a log the live subscribers of a broadcast have not been handed yet, at most. */
  behind(): number
}

type Joining = {
  workspaceId: string
  key: string
  /** The API key of the caller. */
  keyId: string
  /** What one event costs. */
  cost: number
  execute: ExecuteFor
}

/** The keys that an answer is executed for. */
type AnswerWork = {
  /** The keys in whose turns it may be executed: the one that has paid, then the others that share it. */
  keyIds(): string[]
  /** Whether one key catches up on it, and it is not live for all. Catch-ups have turns of their own. */
  isCatchUp: boolean
  /** Aborts when all who share the answer have left. */
  signal: AbortSignal
}

/** Executes an event of the log, or a value of another source, and returns the answer as JSON text. */
export type ExecuteFor = (value: object, work: AnswerWork) => Promise<string>

export type Joined = {
  /** Answers the events of the log. */
  broadcast: Broadcast
  /** Answers a value of another source. Those who get the same value share its answer. */
  answerTo(value: object): Promise<Answer>
  leave(): void
}

type Shared = Pick<Joined, 'broadcast' | 'answerTo'> & { payers: Payers }

export type BroadcastsOptions = {
  limits: BroadcastLimits
  /** What each API key may spend on its events. */
  events: Budget
  /** Called with each event that all live subscribers of a broadcast have been given. */
  onSent?(event: Event): void
}

/** Broadcasts over the logs of these feeds. */
export function createBroadcasts(
  feeds: Feeds,
  { limits, events, onSent = () => {} }: BroadcastsOptions,
): Broadcasts {
  const all = new Map<string, Shared>()
  const memory = createAnswerMemory()
  const catchUps = createQuota(maxCatchUpsPerKey)
  const joinKey = limitBroadcasts(limits)

  function create({ cost, execute }: Joining): Shared {
    const payers = createPayers(events, refusal('UNAVAILABLE', 'All subscribers have left.'))
    async function paid(value: object, payer: Payer): Promise<string> {
      const paying = await payers.pay(Math.max(1, cost), payer)
      const isCatchUp = payer !== null
      const keyIds = () => (isCatchUp ? [paying] : [...new Set([paying, ...payers.keyIds()])])
      return execute(value, { keyIds, isCatchUp, signal: payers.left })
    }
    return {
      payers,
      broadcast: createBroadcast({
        execute: paid,
        followFrom: feeds.followFrom,
        answers: memory.answers(),
        onSent,
        catchUps,
      }),
      answerTo: createValueAnswers(value => paid(value, null)),
    }
  }

  return {
    join(joining) {
      const { workspaceId, key, keyId, cost } = joining
      const id = `${workspaceId} ${key}`
      const leaveKey = joinKey(keyId, id, cost)
      const shared = all.get(id) ?? create(joining)
      all.set(id, shared)
      const { broadcast, answerTo, payers } = shared
      const leavePayers = payers.join(keyId)
      return {
        broadcast,
        answerTo,
        leave() {
          leaveKey()
          leavePayers()
          if (payers.left.aborted && all.get(id) === shared) all.delete(id)
        },
      }
    },
    subscribers: () => [...all.values()].reduce((sum, { payers }) => sum + payers.count(), 0),
    behind: () => [...all.values()].reduce((most, { broadcast }) => Math.max(most, broadcast.behind()), 0),
  }
}
