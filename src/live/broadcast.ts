import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { toCursor } from '../domain/event/cursor.ts'
import type { Event } from '../domain/event/rows.ts'
import type { Quota } from '../runtime/quota.ts'
import type { Answer } from './answer.ts'
import type { Answers } from './answer-memory.ts'
import type { Follower, Following } from './follow.ts'
import { replay } from './replay.ts'
import type { Payer } from './sharers.ts'
import type { Subscriber } from './subscriber.ts'
import { type SubscriberChange, type SubscriberState, stateAfter } from './subscriber-state.ts'

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
   * The answer to an event. It is executed once and kept for a while, for all subscribers. What is replayed is paid for
   * by the key that replays it, and what is live by all who share it.
   */
  answer(event: Event, payer: Payer): Promise<Answer>
  /** Sends a subscriber everything after the follower's position. From here on the broadcast owns the follower. */
  subscribe(subscriber: Subscriber, follower: Follower): Subscription
}

export type BroadcastOptions = {
  /** Executes one event and returns the answer as JSON text. */
  execute(event: Event, payer: Payer): Promise<string>
  followFrom(following: Following, seq: number): Promise<Follower>
  answers: Answers
  /** The replays that each API key has in work. */
  replays: Quota
}

/** How many waiting events are written in one piece. On a busy log each socket gets one write for all of them. */
const maxEventsPerWrite = 32
/** How many characters they have, as far as the last answers tell: large ones are executed and written one by one. */
const maxCharactersPerWrite = 64 * 1024
/** How many subscribers are served before the loop yields to other work: new events, writes, other broadcasts. */
const subscribersPerTurn = 256

type Member = {
  subscriber: Subscriber
  following: Following
  state: SubscriberState
  at: number
  follower: Follower | null
}

type NumberedAnswer = { seq: number; answer: Answer }

/**
 * Sends answers to the subscribers of one operation.
 *
 * A queue per subscriber would overflow with a slow one, and an iterator per subscriber costs several times the CPU of
 * the write itself. So a subscriber is a position in the log. Live subscribers share one loop, which writes each answer
 * to all of them. A subscriber that is behind, because it resumes or because its socket was full, walks the log by
 * itself. It joins the loop when it has reached the loop's position, so no event is lost or sent twice.
 */
export function createBroadcast(options: BroadcastOptions): Broadcast {
  const { execute, followFrom, answers, replays } = options
  const live = new Set<Member>()
  let loop: Follower | null = null
  /**
   * The loop has handed out everything up to here. Less than its follower's position while an answer is in progress.
   */
  let handedUpTo = 0
  /** The length of the longest answer of the last turn. Before the first one it may be anything. */
  let largestCharacters = maxCharactersPerWrite

  const answer = (event: Event, payer: Payer): Promise<Answer> =>
    answers.get(event.seq, payer, async () => ({
      text: await execute(event, payer),
      cursor: toCursor(event),
    }))

  async function run(follower: Follower): Promise<void> {
    loop = follower
    handedUpTo = follower.position()
    while (!follower.ended()) {
      const events = await eventsAtHand(follower, maxEventsOf(largestCharacters))
      const numbered = await Promise.all(
        events.map(async event => ({ seq: event.seq, answer: await answer(event, null) })),
      )
      const lengths = numbered.map(({ answer }) => answer.text.length)
      if (lengths.length > 0) largestCharacters = Math.max(...lengths)
      await handOut(follower, numbered)
      if (follower.ended()) return
      if (live.size === 0) stopLoop()
      else if (events.length === 0) await follower.moved()
    }
  }

  /** A member that joins between two turns gets those of these answers that come after its position. */
  async function handOut(follower: Follower, numbered: NumberedAnswer[]): Promise<void> {
    let served = 0
    for (const member of live) {
      // Every subscriber left while we yielded; newer ones belong to a new loop.
      if (follower.ended()) return
      hand(member, numbered)
      if (++served % subscribersPerTurn === 0) await yieldToOthers()
    }
    // In this same tick: a member that joins later must start after these events.
    if (!follower.ended()) handedUpTo = follower.position()
  }

  function hand(member: Member, numbered: NumberedAnswer[]): void {
    const fresh = numbered.filter(({ seq }) => seq > member.at)
    const last = fresh.at(-1)
    if (!last) return
    const characters = fresh.reduce((sum, { answer }) => sum + answer.text.length, 0)
    if (member.subscriber.isFull(characters)) drain(member)
    else {
      member.at = last.seq
      member.subscriber.send(fresh.map(({ answer }) => answer))
    }
  }

  function drain(member: Member): void {
    leaveLoop(member)
    change(member, 'full')
    void followFrom(member.following, member.at)
      .then(follower => resume(member, follower))
      .catch(error => fail(member, error))
  }

  async function resume(member: Member, follower: Follower): Promise<void> {
    change(member, 'resumed')
    if (member.state === 'ended') return follower.end()
    member.follower = follower
    await catchUp(member, follower)
  }

  async function catchUp(member: Member, follower: Follower): Promise<void> {
    while (!follower.ended()) {
      member.at = Math.max(member.at, follower.position())
      if (follower.isBehind()) await replayInTurn(member, follower)
      else if (joinLoop(member, follower)) return
      // The loop may be ahead of what the feed knows. The member can join it when the feed has come that far.
      else await follower.moved()
    }
  }

  /** While it waits for its client it has no turn, so a client that does not read delays no other one. */
  async function replayInTurn(member: Member, follower: Follower): Promise<void> {
    const { subscriber, following } = member
    const answerHere = (event: Event) => answer(event, following.keyId)
    const onSent = (seq: number) => {
      member.at = Math.max(member.at, seq)
    }
    const unsent = await inTurn(follower, () => replay({ subscriber, follower, answer: answerHere, onSent }))
    if (!unsent) return
    await subscriber.sendAndWait(() => inTurn(follower, () => answerHere(unsent)))
    onSent(unsent.seq)
  }

  async function inTurn<Result>({ keyId }: Following, work: () => Promise<Result>): Promise<Result> {
    const end = await replays.room(keyId, 1)
    try {
      return await work()
    } finally {
      end()
    }
  }

  /** Nothing is awaited in here, so neither the loop nor the log moves meanwhile. */
  function joinLoop(member: Member, follower: Follower): boolean {
    if (follower.ended()) return true
    if (loop && member.at < handedUpTo) return false
    change(member, 'caughtUp')
    member.follower = null
    live.add(member)
    if (loop) follower.end()
    else void run(follower).catch(error => loop === follower && failLoop(error))
    return true
  }

  /** From here on the member is on its own, at the position that the loop has reached. */
  function leaveLoop(member: Member): void {
    if (live.delete(member)) member.at = Math.max(member.at, handedUpTo)
  }

  function failLoop(error: unknown): void {
    stopLoop()
    const members = [...live]
    // Before any subscriber is told: a loop that begins now must not serve these members after the gap.
    members.forEach(leaveLoop)
    for (const member of members) fail(member, error)
  }

  function fail(member: Member, error: unknown): void {
    if (end(member, 'failed')) member.subscriber.end(error)
  }

  /** Returns false if it has ended before. */
  function end(member: Member, reason: 'failed' | 'unsubscribed'): boolean {
    if (member.state === 'ended') return false
    change(member, reason)
    member.follower?.end()
    leaveLoop(member)
    if (live.size === 0) stopLoop()
    return true
  }

  function stopLoop(): void {
    loop?.end()
    loop = null
  }

  return {
    answer,
    subscribe(subscriber, follower) {
      const { workspaceId, keyId, filter } = follower
      const following = { workspaceId, keyId, filter }
      const member: Member = { subscriber, following, state: 'catchingUp', at: follower.position(), follower }
      void catchUp(member, follower).catch(error => fail(member, error))
      return {
        position: () => (member.state === 'live' ? Math.max(member.at, handedUpTo) : member.at),
        state: () => member.state,
        unsubscribe: () => void end(member, 'unsubscribed'),
      }
    },
  }
}

function change(member: Member, reason: SubscriberChange): void {
  member.state = stateAfter(member.state, reason)
}

/** How many events whose answers have at most so many characters are written in one piece. */
const maxEventsOf = (characters: number) =>
  Math.min(maxEventsPerWrite, Math.max(1, Math.floor(maxCharactersPerWrite / characters)))

/** The events that are available without waiting, at most so many. */
async function eventsAtHand(follower: Follower, most: number): Promise<Event[]> {
  const events: Event[] = []
  while (events.length < most) {
    const event = await follower.step(most)
    if (!event) break
    events.push(event)
  }
  return events
}
