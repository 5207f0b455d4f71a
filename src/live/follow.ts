import { whenAvailable } from '../db/when-available.ts'
import { lost, requireKept } from '../domain/event/cursor.ts'
import { type Event, type EventFilter, eventsBetween, matches } from '../domain/event/rows.ts'
import type { Feed } from './feed.ts'

/** What is followed: the matching events of a workspace's log, for an API key, in whose turns the log is read. */
export type Following = {
  workspaceId: string
  keyId: string
  filter: EventFilter
  /** The breaks of the log that are known where its position was found; left out: all that there were. */
  breaks?: number
}

/** A position in a workspace's event log. It moves on as its holder steps. */
export type Follower = Following & {
  /** Every event up to this number has been handed out or passed over. */
  position(): number
  /**
   * The next matching event; null: there is none yet, or the follower has ended. `rowsAhead`: how many rows are read at once.
   * @throws Refusal CURSOR_EXPIRED if what follows has been deleted or lost; Unavailable
   */
  step(rowsAhead?: number): Promise<Event | null>
  /** How many events there are behind its position. */
  behind(): number
  /** Whether there are events that it has not looked at, or there will be none. */
  isBehind(): boolean
  /** Drops what was read ahead. It is read again when it is needed. */
  forget(): void
  /** Resolves when there may be more events, or when the follower has ended. */
  moved(): Promise<void>
  ended(): boolean
  end(): void
}

/** What each of thousands of followers may hold. */
const defaultRowsAhead = 10

/**
 * Walks a workspace's log from a position on, without end. A follower is only that position. Near the end it reads the
 * feed's memory; further back it reads pages of the table. So nothing is queued and nothing overflows.
 */
export function follow(feed: Feed, from: number, following: Following, onEnd = () => {}): Follower {
  const { workspaceId, keyId, filter, breaks = feed.breaks() } = following
  const left = new AbortController()
  const pages = feed.pages(keyId, left.signal)
  let at = from
  let read: Event[] = []
  let readUpTo = from
  let release = () => {}
  const isOpen = () => !left.signal.aborted
  const hasBroken = () => feed.breaks() !== breaks

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
  async function readPage(limit: number): Promise<void> {
    const upTo = feed.head()
    const events = await eventsBetween(pages, workspaceId, {
      after: at,
      upTo,
      filter,
      limit,
    })
    await requireKept(pages, workspaceId, at)
    read = events
    readUpTo = events.length < limit ? upTo : (events.at(-1)?.seq ?? upTo)
  }

  return {
    ...following,
    breaks,
    position: () => at,
    behind: () => Math.max(0, feed.head() - at),
    isBehind: () => isOpen() && (hasBroken() || at < feed.head()),
    forget() {
      read = []
      readUpTo = at
    },
    async step(rowsAhead = defaultRowsAhead) {
      while (isOpen()) {
        if (hasBroken()) throw lost()
        const event = next()
        if (event) return event
        if (at >= feed.head()) return null
        await whenAvailable(() => readPage(rowsAhead), left.signal).catch(error => {
          if (isOpen()) throw error
        })
      }
      return null
    },
    moved() {
      if (!isOpen() || hasBroken() || at < feed.head()) return Promise.resolve()
      return new Promise(resolve => {
        release = () => {
          feed.offMove(resolve)
          resolve()
        }
        feed.onMove(resolve)
      })
    },
    ended: () => !isOpen(),
    end() {
      if (!isOpen()) return
      left.abort()
      read = []
      release()
      onEnd()
    },
  }
}
