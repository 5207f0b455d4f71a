import { toCursor } from '../domain/event/cursor.ts'
import type { Event } from '../domain/event/rows.ts'
import type { Quota } from '../runtime/quota.ts'
import type { Answer } from './answer.ts'
import type { Answers } from './answer-memory.ts'
import { catchUpTurn } from './catch-up.ts'
import type { Follower, Following } from './follow.ts'
import { createLoop } from './loop.ts'
import { createMember, type Member, passed, transition } from './member.ts'
import type { Payer } from './payers.ts'
import type { Subscriber } from './subscriber.ts'
import type { SubscriberState } from './subscriber-state.ts'

/** One subscriber's part in a broadcast: its position and its state. */
type Subscription = {
  /** Every event up to this number has been handed over or does not match. It never moves back. */
  position(): number
  state(): SubscriberState
  unsubscribe(): void
}

/** One operation with its variables, in one workspace, that many subscribers share. */
export type Broadcast = {
  /**
   * The answer to an event. It is executed once and kept for a while, for all subscribers. What one key catches up on is paid for
   * by that key, and what is live by all who share it.
   */
  answer(event: Event, payer: Payer): Promise<Answer>
  /** Sends a subscriber everything after the follower's position. From here on the broadcast owns the follower. */
  subscribe(subscriber: Subscriber, follower: Follower): Subscription
  /** How many events of the log its live subscribers have not been handed yet. */
  behind(): number
}

export type BroadcastOptions = {
  /** Executes one event and returns the answer as JSON text. */
  execute(event: Event, payer: Payer): Promise<string>
  followFrom(following: Following, seq: number): Promise<Follower>
  answers: Answers
  /** Called with each event that all live subscribers have been given. */
  onSent(event: Event): void
  /** The catch-ups that each API key has in work. */
  catchUps: Quota
}

/**
 * Sends answers to the subscribers of one operation.
 *
 * A queue per subscriber would overflow with a slow one, and an iterator per subscriber costs several times the CPU of
 * the write itself. So a subscriber is a position in the log. Live subscribers share one loop, which writes each answer
 * to all of them. A subscriber that is behind, because it resumes or because its socket was full, walks the log by
 * itself. It joins the loop when it has reached the loop's position, so no event is lost or sent twice.
 */
export function createBroadcast({
  execute,
  followFrom,
  answers,
  onSent,
  catchUps,
}: BroadcastOptions): Broadcast {
  const loop = createLoop({ answer: event => answer(event, null), onSent, onFull: drain, onFailed: fail })

  function answer(event: Event, payer: Payer): Promise<Answer> {
    return answers.get(event.seq, payer, async () => ({
      text: await execute(event, payer),
      cursor: toCursor(event),
    }))
  }

  function drain(member: Member): void {
    transition(member, 'full')
    void followFrom(member.following, member.at)
      .then(follower => resume(member, follower))
      .catch(error => fail(member, error))
  }

  async function resume(member: Member, follower: Follower): Promise<void> {
    transition(member, 'resumed')
    if (member.state === 'ended') return follower.end()
    member.follower = follower
    await catchUp(member, follower)
  }

  async function catchUp(member: Member, follower: Follower): Promise<void> {
    while (!follower.ended()) {
      passed(member, follower.position())
      if (follower.isBehind()) await catchUpInTurn(member, follower)
      else if (follower.ended() || loop.join(member, follower)) return
      // The loop may be ahead of what the feed knows. The member can join it when the feed has come that far.
      else await follower.moved()
    }
  }

  /** A subscriber that waits for its client gives up its turn, so a client that does not read delays no other one. */
  async function catchUpInTurn(member: Member, follower: Follower): Promise<void> {
    const { subscriber, following, ended } = member
    const answerHere = (event: Event) => answer(event, following.keyId)
    const onSent = (seq: number) => passed(member, seq)
    const unsent = await inTurn(member, () =>
      catchUpTurn({ subscriber, follower, answer: answerHere, onSent }),
    )
    if (!unsent) return
    await subscriber.sendAndWait(() => inTurn(member, () => answerHere(unsent)), ended.signal)
    onSent(unsent.seq)
  }

  /** @throws the reason of `ended` when the member ends while it waits */
  async function inTurn<Result>({ following, ended }: Member, work: () => Promise<Result>): Promise<Result> {
    const release = await catchUps.takeWhenPossible(following.keyId, 1, ended.signal)
    try {
      return await work()
    } finally {
      release()
    }
  }

  function fail(member: Member, error: unknown): void {
    if (end(member, 'failed')) member.subscriber.end(error)
  }

  /** Returns false if it has ended before. */
  function end(member: Member, reason: 'failed' | 'unsubscribed'): boolean {
    if (member.state === 'ended') return false
    transition(member, reason)
    member.follower?.end()
    loop.leave(member)
    return true
  }

  return {
    answer,
    behind: loop.behind,
    subscribe(subscriber, follower) {
      const member = createMember(subscriber, follower)
      void catchUp(member, follower).catch(error => fail(member, error))
      return {
        position: () => (member.state === 'live' ? Math.max(member.at, loop.handedUpTo()) : member.at),
        state: () => member.state,
        unsubscribe: () => void end(member, 'unsubscribed'),
      }
    },
  }
}
