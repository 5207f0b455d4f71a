import type { Db } from '../db/db.ts'
import type { EventFilter } from '../domain/event.ts'
import { logBounds, resumeAt } from '../domain/event-cursor.ts'
import { type Feed, type FeedOptions, openFeed } from './feed.ts'
import { type Follower, follow } from './follow.ts'

/** The event logs of all workspaces that someone in this process watches. */
export type Feeds = {
  /**
   * Follows what matches of a workspace's log, from a cursor on, or from now on when it is null.
   * @throws Refusal BAD_CURSOR, CURSOR_EXPIRED
   */
  follow(workspaceId: string, after: string | null, filter: EventFilter): Promise<Follower>
  /** Follows from a number that is known to be good, beside a follower that is open. */
  followFrom(workspaceId: string, seq: number, filter: EventFilter): Promise<Follower>
  /** Keeps a workspace's feed open for somebody who needs no events but to know when there are some. */
  watch(workspaceId: string): Promise<{ feed: Feed; leave(): void }>
  /** A change of this workspace has been committed. Costs nothing when nobody watches it here. */
  hint(workspaceId: string): void
  /** How many workspaces are watched here. */
  watched(): number
  /** Ends the reading; followers hear no more. */
  close(): Promise<void>
}

type Watched = { feed: Promise<Feed>; users: number }

/** Feeds that open with their first user and stop with their last. */
export function createFeeds(db: Db, options: Partial<FeedOptions> & Pick<FeedOptions, 'onError'>): Feeds {
  const settings: FeedOptions = { poll: 1_000, ring: 1_024, ...options }
  const watched = new Map<string, Watched>()

  async function watch(workspaceId: string): Promise<{ feed: Feed; leave(): void }> {
    const entry = watched.get(workspaceId) ?? { feed: openFeed(db, workspaceId, settings), users: 0 }
    watched.set(workspaceId, entry)
    entry.users++
    const leave = () => {
      entry.users--
      if (entry.users > 0) return
      if (watched.get(workspaceId) === entry) watched.delete(workspaceId)
      void entry.feed.then(feed => feed.stop()).catch(settings.onError)
    }
    try {
      return { feed: await entry.feed, leave }
    } catch (error) {
      entry.users--
      if (watched.get(workspaceId) === entry) watched.delete(workspaceId)
      throw error
    }
  }

  async function followFrom(workspaceId: string, seq: number, filter: EventFilter): Promise<Follower> {
    const { feed, leave } = await watch(workspaceId)
    return follow(db, feed, seq, filter, leave)
  }

  return {
    watch,
    followFrom,
    async follow(workspaceId, after, filter) {
      const { feed, leave } = await watch(workspaceId)
      try {
        // Read after the watch has begun: what commits from here on is announced.
        const from =
          after === null ? (await logBounds(db, workspaceId)).head : await resumeAt(db, workspaceId, after)
        // A commit elsewhere whose hint is still on its way.
        if (from > feed.head()) feed.hint()
        return follow(db, feed, from, filter, leave)
      } catch (error) {
        leave()
        throw error
      }
    },
    hint(workspaceId) {
      void watched.get(workspaceId)?.feed.then(feed => feed.hint(), settings.onError)
    },
    watched: () => watched.size,
    async close() {
      const entries = [...watched.values()]
      watched.clear()
      await Promise.all(entries.map(async entry => (await entry.feed).stop()))
    },
  }
}
