import { setTimeout as after } from 'node:timers/promises'
import type { Reader } from '../db/db.ts'
import { Unavailable } from '../db/unavailable.ts'
import { type Event, type EventFilter, eventsBetween, matches } from '../domain/event.ts'
import { requireKept } from '../domain/event-cursor.ts'
import type { Feed } from './feed.ts'

/** A position in a workspace's log that moves on as its holder asks for more. */
export type Follower = {
  workspaceId: string
  filter: EventFilter
  /** Every event up to this number has been handed out or passed over. */
  position(): number
  /**
   * The next event that matches, or null when there is none yet, or none any more after `end`.
   * @throws Refusal CURSOR_EXPIRED when what follows has been deleted; Unavailable
   */
  step(): Promise<Event | null>
  /** Resolves when there may be more, or when it has ended. */
  moved(): Promise<void>
  ended(): boolean
  end(): void
}

const page = 200
const secondTry = 250

/**
 * Walks a workspace's log from a position on, without end. A follower is only that position: near the end it reads what
 * the feed holds in memory, further back it reads pages from the table, so that nothing is queued and nothing overflows.
 */
export function follow(
  db: Reader,
  feed: Feed,
  from: number,
  filter: EventFilter,
  onEnd = () => {},
): Follower {
  const { workspaceId } = feed
  let at = from
  let read: Event[] = []
  let readUpTo = from
  let open = true
  let release = () => {}

  function next(): Event | undefined {
    const event = read.shift()
    if (event) {
      at = event.seq
      return event
    }
    at = Math.max(at, readUpTo)
    for (let recent = feed.recent(at + 1); recent; recent = feed.recent(at + 1)) {
      at = recent.seq
      if (matches(filter, recent)) return recent
    }
    return undefined
  }

  /** Numbers up to the feed's head are committed, so a page that is not full holds all there is up to there. */
  async function readPage(): Promise<void> {
    const upTo = feed.head()
    const events = await eventsBetween(db, workspaceId, { after: at, upTo, filter, limit: page })
    await requireKept(db, workspaceId, at)
    read = events
    readUpTo = events.length < page ? upTo : (events.at(-1)?.seq ?? upTo)
  }

  async function readPageOrRetry(): Promise<void> {
    try {
      await readPage()
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      await after(secondTry)
      await readPage()
    }
  }

  return {
    workspaceId,
    filter,
    position: () => at,
    async step() {
      while (open) {
        const event = next()
        if (event) return event
        if (at >= feed.head()) return null
        await readPageOrRetry()
      }
      return null
    },
    moved() {
      if (!open || at < feed.head()) return Promise.resolve()
      return new Promise(resolve => {
        release = () => {
          feed.offMove(resolve)
          resolve()
        }
        feed.onMove(resolve)
      })
    },
    ended: () => !open,
    end() {
      if (!open) return
      open = false
      read = []
      release()
      onEnd()
    },
  }
}
