import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { Event } from '../domain/event/rows.ts'
import type { Answer } from './answer.ts'
import type { Follower } from './follow.ts'
import type { Subscriber } from './subscriber.ts'

/**
 * How many catch-ups of one API key are in work at once. Only these hold rows of the log and answers: thousands of
 * subscribers that resume together would hold gigabytes.
 */
export const maxCatchUpsPerKey = 4

/** After this many events, or this long, another catch-up has its turn. */
const maxEventsPerTurn = 200
const maxTurnMs = 10_000

export type CatchUpTurn = {
  subscriber: Subscriber
  follower: Follower
  answer(event: Event): Promise<Answer>
  /** Called when every event up to this number has been handed over. */
  onSent(seq: number): void
}

/**
 * One turn of a catch-up: hands over the events that follow until there is no more or the turn is over. Returns the event
 * that the subscriber has no room for; null: there is none. Nothing of the log is held afterwards.
 */
export async function catchUpTurn({
  subscriber,
  follower,
  answer,
  onSent,
}: CatchUpTurn): Promise<Event | null> {
  try {
    const began = performance.now()
    for (let sent = 0; sent < maxEventsPerTurn && performance.now() - began < maxTurnMs; sent++) {
      const event = await follower.step(maxEventsPerTurn)
      if (!event) return null
      onSent(event.seq - 1)
      const made = await answer(event)
      if (follower.ended()) return null
      if (subscriber.isFull(made.text.length)) return event
      subscriber.send([made])
      onSent(event.seq)
      // On the embedded database a whole catch-up can go on without a turn of the event loop.
      await yieldToOthers()
    }
    return null
  } finally {
    follower.forget()
  }
}
