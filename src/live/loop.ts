import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { Event } from '../domain/event/rows.ts'
import type { Answer } from './answer.ts'
import type { Follower } from './follow.ts'
import { type Member, passed, transition } from './member.ts'

/** The loop that writes each answer to all live members of a broadcast. It runs while there are any. */
export type Loop = {
  /** Adds a member that has come as far as the loop. Returns false if the loop is ahead of it. */
  join(member: Member, follower: Follower): boolean
  /** From here on the member is on its own, at the position that the loop has reached. */
  leave(member: Member): void
  /** Everything up to here has been handed over to its members. */
  handedUpTo(): number
  /** How many events there are behind that. */
  behind(): number
}

export type LoopOptions = {
  answer(event: Event): Promise<Answer>
  /** Called with each event that all members have been given. */
  onSent(event: Event): void
  /** Called with a member that has left the loop, because its socket is full. */
  onFull(member: Member): void
  /** Called with each member of a loop that cannot go on. It has left the loop. */
  onFailed(member: Member, error: unknown): void
}

/** How many waiting events are written in one piece. On a busy log each socket gets one write for all of them. */
const maxEventsPerWrite = 32
/** How many characters they have, as far as the last answers tell: large ones are executed and written one by one. */
const maxCharactersPerWrite = 64 * 1024
/** How many members are served before the loop yields to other work: new events, writes, other broadcasts. */
const membersPerTurn = 256

type NumberedAnswer = { seq: number; answer: Answer }

export function createLoop({ answer, onSent, onFull, onFailed }: LoopOptions): Loop {
  const live = new Set<Member>()
  let shared: Follower | null = null
  /** Less than the follower's position while an answer is in progress. */
  let handedUpTo = 0
  /** The length of the longest answer of the last turn. Before the first one it may be anything. */
  let largestCharacters = maxCharactersPerWrite

  async function run(follower: Follower): Promise<void> {
    shared = follower
    handedUpTo = follower.position()
    while (!follower.ended()) {
      const events = await eventsAtHand(follower, maxEventsOf(largestCharacters))
      const numbered = await Promise.all(
        events.map(async event => ({ seq: event.seq, answer: await answer(event) })),
      )
      const lengths = numbered.map(({ answer }) => answer.text.length)
      if (lengths.length > 0) largestCharacters = Math.max(...lengths)
      await handOut(follower, numbered)
      if (follower.ended()) return
      events.forEach(onSent)
      if (live.size === 0) stop()
      else if (events.length === 0) await follower.moved()
    }
  }

  /** A member that joins between two turns gets those of these answers that come after its position. */
  async function handOut(follower: Follower, numbered: NumberedAnswer[]): Promise<void> {
    let served = 0
    for (const member of live) {
      // Every member left while we yielded; newer ones belong to a new loop.
      if (follower.ended()) return
      hand(member, numbered)
      if (++served % membersPerTurn === 0) await yieldToOthers()
    }
    // In this same tick: a member that joins later must start after these events.
    if (!follower.ended()) handedUpTo = follower.position()
  }

  function hand(member: Member, numbered: NumberedAnswer[]): void {
    const fresh = numbered.filter(({ seq }) => seq > member.at)
    const last = fresh.at(-1)
    if (!last) return
    const characters = fresh.reduce((sum, { answer }) => sum + answer.text.length, 0)
    if (member.subscriber.isFull(characters)) {
      leave(member)
      onFull(member)
    } else {
      member.at = last.seq
      member.subscriber.send(fresh.map(({ answer }) => answer))
    }
  }

  function leave(member: Member): void {
    if (!live.delete(member)) return
    passed(member, handedUpTo)
  }

  function fail(error: unknown): void {
    stop()
    const members = [...live]
    // Before any member is told: a loop that begins now must not serve these members after the gap.
    members.forEach(leave)
    for (const member of members) onFailed(member, error)
  }

  function stop(): void {
    shared?.end()
    shared = null
  }

  return {
    handedUpTo: () => handedUpTo,
    behind: () => (shared ? shared.position() - handedUpTo + shared.behind() : 0),
    /** Nothing is awaited in here, so neither the loop nor the log moves meanwhile. */
    join(member, follower) {
      if (shared && member.at < handedUpTo) return false
      transition(member, 'caughtUp')
      member.follower = null
      live.add(member)
      if (shared) follower.end()
      else void run(follower).catch(error => shared === follower && fail(error))
      return true
    },
    leave(member) {
      leave(member)
      if (live.size === 0) stop()
    },
  }
}

/** How many events are written in one piece, if their answers have at most this many characters. */
const maxEventsOf = (characters: number) =>
  Math.min(maxEventsPerWrite, Math.max(1, Math.floor(maxCharactersPerWrite / characters)))

/** The events that are available without waiting, up to the limit. */
async function eventsAtHand(follower: Follower, limit: number): Promise<Event[]> {
  const events: Event[] = []
  while (events.length < limit) {
    const event = await follower.step(limit)
    if (!event) break
    events.push(event)
  }
  return events
}
