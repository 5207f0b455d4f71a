/**
 * The state of a subscriber of a broadcast.
 *
 * - `catchingUp`: it walks the log with a follower of its own, in turns with other catch-ups of its key.
 * - `live`: the broadcast's loop writes to it.
 * - `draining`: its socket was full. It has left the loop, and a follower is being opened at its position.
 * - `ended`: nothing is sent to it any more.
 */
export type SubscriberState = 'catchingUp' | 'live' | 'draining' | 'ended'

/**
 * What changes a subscriber's state.
 *
 * - `caughtUp`: it has reached the loop's position.
 * - `full`: too much waits in its socket.
 * - `resumed`: a follower is open at its position.
 * - `failed`: an event could not be executed, or the log could not be read.
 * - `unsubscribed`: its client has left.
 */
export type SubscriberChange = 'caughtUp' | 'full' | 'resumed' | 'failed' | 'unsubscribed'

/**
 * The state after each change; null: the change cannot happen in that state. A late change leaves an ended subscriber
 * ended, for example when its follower opens after it has ended.
 */
export const transitions: Record<SubscriberState, Record<SubscriberChange, SubscriberState | null>> = {
  catchingUp: { caughtUp: 'live', full: null, resumed: null, failed: 'ended', unsubscribed: 'ended' },
  live: { caughtUp: null, full: 'draining', resumed: null, failed: 'ended', unsubscribed: 'ended' },
  draining: { caughtUp: null, full: null, resumed: 'catchingUp', failed: 'ended', unsubscribed: 'ended' },
  ended: { caughtUp: 'ended', full: 'ended', resumed: 'ended', failed: 'ended', unsubscribed: 'ended' },
}

/** The state after a change. @throws Error for a change that cannot happen */
export function stateAfter(state: SubscriberState, change: SubscriberChange): SubscriberState {
  const next = transitions[state][change]
  if (next === null) throw new Error(`A subscriber that is ${state} cannot become ${change}.`)
  return next
}
