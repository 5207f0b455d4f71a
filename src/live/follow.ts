import { setTimeout as after } from 'node:timers/promises'
import { Unavailable } from '../db/unavailable.ts'
import { requireKept } from '../domain/event/cursor.ts'
import { type Event, type EventFilter, eventsBetween, matches } from '../domain/event/rows.ts'
import type { Feed } from './feed.ts'

/** A position in a workspace's event log. It moves on as its holder steps. */
export type Follower = {
  workspaceId: string
  filter: EventFilter
  /** Every event up to this number has been handed out or passed over. */
  position(): number
  /**
   * The next matching event; null: there is none yet, or the follower has ended.
   * @throws Refusal CURSOR_EXPIRED if what follows has been deleted; Unavailable
   */
  step(): Promise<Event | null>
  /** Resolves when there may be more events, or when the follower has ended. */
  moved(): Promise<void>
  ended(): boolean
  end(): void
}

const maxEventsPerPage = 200
const retryAfterMs = 250

/**
 * Walks a workspace's log from a position on, without end. A follower is only that position. Near the end it reads the
 * feed's memory; further back it reads pages of the table. So nothing is queued and nothing overflows.
 */
export function follow(feed: Feed, from: number, filter: EventFilter, onEnd = () => {}): Follower {
  const { workspaceId, pages } = feed
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

  /** Numbers up to the feed's head are committed, so a page that is not full holds everything up to there. */
  async function readPage(): Promise<void> {
    const upTo = feed.head()
    const events = await eventsBetween(pages, workspaceId, {
      after: at,
      upTo,
      filter,
      limit: maxEventsPerPage,
    })
    await requireKept(pages, workspaceId, at)
    read = events
    readUpTo = events.length < maxEventsPerPage ? upTo : (events.at(-1)?.seq ?? upTo)
  }

  async function readPageOrRetry(): Promise<void> {
    try {
      await readPage()
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      await after(retryAfterMs)
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
