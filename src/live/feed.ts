import type { Db } from '../db/db.ts'
import { type Event, eventsBetween } from '../domain/event.ts'
import { logBounds } from '../domain/event-cursor.ts'
import { watchWorkspace } from '../domain/watch.ts'

export type FeedOptions = {
  /** How long a feed sleeps when no hint wakes it, in milliseconds. */
  poll: number
  /** How many of the newest events are kept in memory. */
  ring: number
  /** Called when the log could not be read; the next poll tries again. */
  onError(error: unknown): void
}

/** Follows the end of one workspace's event log, for all who subscribe to it in this process. */
export type Feed = {
  workspaceId: string
  /** The number of the newest event known here. */
  head(): number
  /** The event with this number while memory still holds it. */
  recent(seq: number): Event | undefined
  /** Calls back once, when `head` has moved. */
  onMove(moved: () => void): void
  offMove(moved: () => void): void
  /** Something may have been committed: look now. May be lost, doubled or late. */
  hint(): void
  stop(): Promise<void>
}

const batch = 500
const renewal = 30_000
const everything = { types: null, conversationId: null, contactId: null }

/**
 * Opens the feed at the end of the log. Events are taken in the order of their numbers and only while these are
 * contiguous: commits happen in that order, so a hole can only be a read that came too early, and is read again.
 */
export async function openFeed(db: Db, workspaceId: string, options: FeedOptions): Promise<Feed> {
  const ring: Event[] = []
  const waiting = new Set<() => void>()
  const watch = () => db.transaction().execute(writer => watchWorkspace(writer, workspaceId))
  await watch()
  let { head } = await logBounds(db, workspaceId)
  let stopped = false
  let hinted = false
  let wake = () => {}

  async function read(): Promise<number> {
    const stretch = { after: head, upTo: Number.MAX_SAFE_INTEGER, filter: everything, limit: batch }
    const events = await eventsBetween(db, workspaceId, stretch)
    const contiguous = events.filter((event, index) => event.seq === head + 1 + index)
    if (contiguous.length === 0) return 0
    head += contiguous.length
    ring.push(...contiguous)
    if (ring.length > options.ring) ring.splice(0, ring.length - options.ring)
    const moved = [...waiting]
    waiting.clear()
    for (const callback of moved) callback()
    return contiguous.length
  }

  async function tail(): Promise<void> {
    while (!stopped) {
      hinted = false
      const count = await read().catch(error => {
        options.onError(error)
        return 0
      })
      if (count < batch && !hinted && !stopped) await rest()
    }
  }

  function rest(): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, options.poll)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  const tailing = tail()
  const renewing = setInterval(() => void watch().catch(options.onError), renewal)
  return {
    workspaceId,
    head: () => head,
    recent: seq => ring[seq - (ring[0]?.seq ?? seq + 1)],
    onMove: moved => waiting.add(moved),
    offMove: moved => waiting.delete(moved),
    hint() {
      hinted = true
      wake()
    },
    stop() {
      stopped = true
      clearInterval(renewing)
      wake()
      return tailing
    },
  }
}
