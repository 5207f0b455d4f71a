import type { Follower, Following } from './follow.ts'
import type { Subscriber } from './subscriber.ts'
import { type SubscriberChange, type SubscriberState, stateAfter } from './subscriber-state.ts'

/** A subscriber in a broadcast: what it follows, its state and its position. */
export type Member = {
  subscriber: Subscriber
  following: Following
  state: SubscriberState
  /** Every event up to this number has been handed over or does not match. While it is live, the loop may be further. */
  at: number
  /** Its own follower while it is catching up; null: it shares the loop's, or has none. */
  follower: Follower | null
  /** Aborts when it has ended. */
  ended: AbortController
}

export function createMember(subscriber: Subscriber, follower: Follower): Member {
  const { workspaceId, keyId, filter, breaks } = follower
  const following = { workspaceId, keyId, filter, ...(breaks === undefined ? {} : { breaks }) }
  const ended = new AbortController()
  return { subscriber, following, state: 'catchingUp', at: follower.position(), follower, ended }
}

/** @throws Error for a change that cannot happen in the member's state */
export function transition(member: Member, reason: SubscriberChange): void {
  member.state = stateAfter(member.state, reason)
  if (member.state === 'ended') member.ended.abort()
}

/** Everything up to this number has been handed over. */
export function passed(member: Member, seq: number): void {
  member.at = Math.max(member.at, seq)
}
