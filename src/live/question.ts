import { setImmediate as immediate } from 'node:timers/promises'
import type { Event, EventFilter } from '../domain/event.ts'
import { toCursor } from '../domain/event-cursor.ts'
import type { Answers } from './answers.ts'
import type { Follower } from './follow.ts'

/** An answer as it goes over the wire, and the cursor right after its event; null: it answers no event. */
export type Answer = { text: string; cursor: string | null }

/** Where answers go: an operation of a socket. */
export type Sink = {
  /** Hands answers over in one piece, without waiting. */
  send(answers: Answer[]): void
  /** Hands an answer over and resolves when it has left this process, or never will. */
  sendAndWait(answer: Answer): Promise<void>
  /** Whether so much waits to leave that nothing more should be handed over. */
  isFull(): boolean
  /** There will be no more answers, for this reason. */
  end(error: unknown): void
}

/** A sink's place in the log. */
type Attachment = {
  /** Every event up to this number has been handed over or passed over. */
  position(): number
  detach(): void
}

/** What many subscribers ask: the same operation with the same variables, in the same workspace. */
export type Question = {
  /** The answer to an event: executed once, however many ask for it within a while. */
  answer(event: Event): Promise<Answer>
  /** Serves a sink with everything after the follower's position; the follower is the question's from here on. */
  attach(sink: Sink, follower: Follower): Attachment
}

/** An answer and the number of its event. */
type Numbered = { seq: number; answer: Answer }

/** How many events go out in one piece when more of them wait: a busy log costs each socket one write for all of them. */
const batch = 32
/** How many sinks are served before the process looks at anything else: new events, writes and other subscribers. */
const stretch = 256

type Place = { sink: Sink; at: number; follower: Follower | null; detached: boolean }

export type QuestionOptions = {
  /** Answers one event, as JSON text. */
  execute(event: Event): Promise<string>
  followFrom(seq: number, filter: EventFilter): Promise<Follower>
  answers: Answers
}

/**
 * Serves the sinks of one question. Those that are up to date stand in one loop that writes each answer to all of them;
 * one that is behind (it resumes, or its socket is full) walks the log by itself, one awaited send at a time, and joins
 * the loop when it stands where the loop stands: so nothing between is lost or said twice.
 */
export function createQuestion({ execute, followFrom, answers }: QuestionOptions): Question {
  const inLoop = new Set<Place>()
  let loop: Follower | null = null
  /** The loop has handed out everything up to here: less than its follower's position while an answer is on its way. */
  let loopAt: () => number = () => 0

  const answer = (event: Event): Promise<Answer> =>
    answers.get(event.seq, async () => ({ text: await execute(event), cursor: toCursor(event) }))

  async function run(follower: Follower): Promise<void> {
    loop = follower
    while (!follower.ended()) {
      const before = follower.position()
      loopAt = () => before
      const events = await atHand(follower)
      await handOut(follower, await Promise.all(events.map(numbered)))
      if (follower.ended()) return
      if (inLoop.size === 0) stopLoop()
      else if (events.length === 0) await follower.moved()
    }
  }

  const numbered = async (event: Event): Promise<Numbered> => ({
    seq: event.seq,
    answer: await answer(event),
  })

  /** Whoever joins between two stretches stands before all of these, so it is handed them too. */
  async function handOut(follower: Follower, given: Numbered[]): Promise<void> {
    let handed = 0
    for (const place of inLoop) {
      // All have left meanwhile, and whoever has come since stands in a loop that begins where it stood.
      if (follower.ended()) return
      hand(place, given)
      if (++handed % stretch === 0) await immediate()
    }
    // Not a tick later: whoever joins from here on has to stand behind these.
    if (!follower.ended()) loopAt = () => follower.position()
  }

  function hand(place: Place, given: Numbered[]): void {
    const fresh = given.filter(({ seq }) => seq > place.at)
    const last = fresh.at(-1)
    if (!last) return
    if (place.sink.isFull()) leaveLoop(place)
    else {
      place.at = last.seq
      place.sink.send(fresh.map(({ answer }) => answer))
    }
  }

  /** From here on the place stands by itself, where the loop has brought it. */
  function leave(place: Place): void {
    if (inLoop.delete(place)) place.at = Math.max(place.at, loopAt())
  }

  function leaveLoop(place: Place): void {
    leave(place)
    const filter = loop?.filter
    if (filter)
      void followFrom(place.at, filter)
        .then(follower => walk(place, follower))
        .catch(end(place))
  }

  async function walk(place: Place, follower: Follower): Promise<void> {
    if (place.detached) return follower.end()
    place.follower = follower
    while (!follower.ended()) {
      const event = await follower.step()
      place.at = Math.max(place.at, event ? event.seq - 1 : follower.position())
      if (event) {
        await place.sink.sendAndWait(await answer(event))
        place.at = event.seq
      } else {
        if (join(place, follower)) return
        // The loop may have begun beyond what the feed knows: it can be joined when the feed has come so far.
        await follower.moved()
      }
    }
  }

  /** Nothing is awaited in here, so neither the loop nor the log moves meanwhile. */
  function join(place: Place, follower: Follower): boolean {
    if (follower.ended()) return true
    if (loop && place.at < loopAt()) return false
    place.follower = null
    inLoop.add(place)
    if (loop) follower.end()
    else void run(follower).catch(error => loop === follower && breakOff(error))
    return true
  }

  function breakOff(error: unknown): void {
    stopLoop()
    const left = [...inLoop]
    // Before anybody hears of it: a loop that begins now must not serve them behind the gap.
    left.forEach(leave)
    for (const place of left) end(place)(error)
  }

  const end = (place: Place) => (error: unknown) => {
    if (!place.detached) place.sink.end(error)
  }

  function stopLoop(): void {
    loop?.end()
    loop = null
  }

  return {
    answer,
    attach(sink, follower) {
      const place: Place = { sink, at: follower.position(), follower, detached: false }
      void walk(place, follower).catch(end(place))
      return {
        position: () => (inLoop.has(place) ? Math.max(place.at, loopAt()) : place.at),
        detach() {
          if (place.detached) return
          place.detached = true
          place.follower?.end()
          leave(place)
          if (inLoop.size === 0) stopLoop()
        },
      }
    },
  }
}

/** The events that can be had without waiting for one. */
async function atHand(follower: Follower): Promise<Event[]> {
  const events: Event[] = []
  while (events.length < batch) {
    const event = await follower.step()
    if (!event) break
    events.push(event)
  }
  return events
}
