import type { Event, EventFilter } from '../domain/event.ts'
import { toCursor } from '../domain/event-cursor.ts'
import { answerCache } from './answers.ts'
import type { Follower } from './follow.ts'

/** An answer as it goes over the wire, and the cursor right after its event; null: it answers no event. */
export type Answer = { text: string; cursor: string | null }

/** Where answers go: an operation of a socket. */
export type Sink = {
  /** Hands an answer over without waiting. */
  send(answer: Answer): void
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

type Place = { sink: Sink; at: number; follower: Follower | null; detached: boolean }

export type QuestionOptions = {
  /** Answers one event, as JSON text. */
  execute(event: Event): Promise<string>
  followFrom(seq: number, filter: EventFilter): Promise<Follower>
}

/**
 * Serves the sinks of one question. Those that are up to date stand in one loop that writes each answer to all of them;
 * one that is behind (it resumes, or its socket is full) walks the log by itself, one awaited send at a time, and joins
 * the loop when it stands where the loop stands: so nothing between is lost or said twice.
 */
export function createQuestion({ execute, followFrom }: QuestionOptions): Question {
  const answers = answerCache()
  const inLoop = new Set<Place>()
  let loop: Follower | null = null
  /** The loop has handed out everything up to here: less than its follower's position while an answer is on its way. */
  let loopAt: () => number = () => 0

  const answer = (event: Event): Promise<Answer> =>
    answers.get(event.seq, async () => ({ text: await execute(event), cursor: toCursor(event) }))

  async function run(follower: Follower): Promise<void> {
    loop = follower
    loopAt = () => follower.position()
    while (!follower.ended()) {
      const event = await follower.step()
      if (!event) {
        await follower.moved()
        continue
      }
      loopAt = () => event.seq - 1
      const given = await answer(event)
      // All have left meanwhile, and whoever has come since stands in a loop that begins where it stood.
      if (follower.ended()) return
      for (const place of inLoop) hand(place, event.seq, given)
      loopAt = () => follower.position()
      if (inLoop.size === 0) stopLoop()
    }
  }

  function hand(place: Place, seq: number, given: Answer): void {
    if (place.at >= seq) return
    if (place.sink.isFull()) leaveLoop(place)
    else {
      place.at = seq
      place.sink.send(given)
    }
  }

  function leaveLoop(place: Place): void {
    inLoop.delete(place)
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
      if (!event && join(place, follower)) return
      if (!event) continue
      await place.sink.sendAndWait(await answer(event))
      place.at = event.seq
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
    for (const place of [...inLoop]) end(place)(error)
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
          inLoop.delete(place)
          if (inLoop.size === 0) stopLoop()
        },
      }
    },
  }
}
