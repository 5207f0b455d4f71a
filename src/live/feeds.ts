import type { Reader } from '../db/db.ts'
import type { Event } from '../domain/event.ts'
import { logBounds, resumeAt } from '../domain/event-cursor.ts'
import { type Feed, type FeedOptions, openFeed } from './feed.ts'
import { follow } from './follow.ts'

/** The event logs of all workspaces that someone in this process watches. */
export type Feeds = {
  /**
   * The events of a workspace that `wants` lets through, from `after` on, or from now on when it is null.
   * @throws Refusal BAD_CURSOR, CURSOR_EXPIRED
   */
  subscribe<Wanted extends Event>(
    workspaceId: string,
    after: string | null,
    wants: (event: Event) => event is Wanted,
  ): Promise<AsyncIterableIterator<Wanted, undefined>>
  /** A change of this workspace has been committed. Costs nothing when nobody watches it. */
  hint(workspaceId: string): void
  /** How many subscribers there are. */
  subscribers(): number
  /** Ends the reading; subscribers hear no more. */
  close(): Promise<void>
}

type Watched = { feed: Promise<Feed>; subscribers: number }

/** Feeds that open with their first subscriber and stop with their last. */
export function createFeeds(db: Reader, options: Partial<FeedOptions> & Pick<FeedOptions, 'onError'>): Feeds {
  const settings: FeedOptions = { poll: 1_000, ring: 1_024, ...options }
  const watched = new Map<string, Watched>()

  function watch(workspaceId: string): Watched {
    const known = watched.get(workspaceId)
    if (known) return known
    const opened = { feed: openFeed(db, workspaceId, settings), subscribers: 0 }
    watched.set(workspaceId, opened)
    return opened
  }

  async function leave(workspaceId: string, entry: Watched): Promise<void> {
    entry.subscribers--
    if (entry.subscribers > 0) return
    if (watched.get(workspaceId) === entry) watched.delete(workspaceId)
    await (await entry.feed).stop()
  }

  return {
    async subscribe(workspaceId, after, wants) {
      const from =
        after === null ? (await logBounds(db, workspaceId)).head : await resumeAt(db, workspaceId, after)
      const entry = watch(workspaceId)
      entry.subscribers++
      const onEnd = () => void leave(workspaceId, entry).catch(settings.onError)
      try {
        return follow({ db, feed: await entry.feed, workspaceId, onEnd }, from, wants)
      } catch (error) {
        entry.subscribers--
        watched.delete(workspaceId)
        throw error
      }
    },
    hint(workspaceId) {
      void watched.get(workspaceId)?.feed.then(feed => feed.hint(), settings.onError)
    },
    subscribers: () => [...watched.values()].reduce((sum, entry) => sum + entry.subscribers, 0),
    async close() {
      const entries = [...watched.values()]
      watched.clear()
      await Promise.all(entries.map(async entry => (await entry.feed).stop()))
    },
  }
}
