import type { SharedDatabase } from '../db/share.ts'
import { whenAvailable } from '../db/when-available.ts'
import { resumeAt } from '../domain/event/cursor.ts'
import { beginEpochAfterLoss } from '../domain/event/epoch.ts'
import { shareNext } from '../runtime/share-next.ts'
import { type Feed, type FeedOptions, openFeed } from './feed.ts'
import { type Follower, type Following, follow } from './follow.ts'

/** The event logs of all workspaces that are watched in this process. */
export type Feeds = {
  /**
   * Follows after a cursor; null: from now on.
   * @throws Refusal BAD_CURSOR, CURSOR_EXPIRED; the signal's reason when it aborts before the follower is open
   */
  follow(following: Following, after: string | null, signal?: AbortSignal): Promise<Follower>
  /** Follows from a number that is known to be valid, while another follower of the workspace is open. */
  followFrom(following: Following, seq: number): Promise<Follower>
  /** Keeps a workspace's feed open for a watcher that only needs to know when there are new events. */
  watch(workspaceId: string): Promise<{ feed: Feed; leave(): void }>
  /** Tells that a change of this workspace has been committed. Costs nothing if the workspace is not watched here. */
  hint(workspaceId: string): void
  /** Whether a workspace is watched here. */
  isWatched(workspaceId: string): boolean
  /** How many workspaces are watched here. */
  watched(): number
  /** For how long the log of a watched workspace has not been read, at most; 0: none is watched. */
  ageSeconds(): number
  /** Stops all reading. Followers get no more events. */
  close(): Promise<void>
}

type Watched = { feed: Promise<Feed>; opened: Feed | null; users: number }

export type FeedsOptions = Partial<Omit<FeedOptions, 'beginEpochs'>> &
  Pick<FeedOptions, 'onError'> & {
    /** Called when a log had lost events that were read here, and so many workspaces have a new epoch for that. */
    onLoss?(workspaces: number): void
  }

/** Feeds that open with their first user and stop with their last. */
export function createFeeds(
  { reserved, share }: SharedDatabase,
  { onLoss = () => {}, ...options }: FeedsOptions,
): Feeds {
  // Each feed finds the loss by itself, and one epoch of all logs is enough.
  const beginEpochs = shareNext(async () => {
    const workspaces = await beginEpochAfterLoss(share({ keyId: 'epochs', workspaceId: 'epochs' }))
    if (workspaces > 0) onLoss(workspaces)
  })
  const settings: FeedOptions = { pollEveryMs: 1_000, ringSize: 1_024, beginEpochs, ...options }
  const watched = new Map<string, Watched>()

  const open = (workspaceId: string) =>
    openFeed(
      {
        reader: reserved,
        writer: share({ keyId: `watch ${workspaceId}`, workspaceId }),
        // A catch-up delays neither other workspaces nor other keys, nor the queries and live events of its own key.
        pages: (keyId, signal) =>
          share({ keyId: `catch-ups ${keyId}`, workspaceId, apiKeyId: keyId }, signal),
      },
      workspaceId,
      { ...settings, onError: error => settings.onError(error, { workspaceId }) },
    )

  async function watch(workspaceId: string): Promise<{ feed: Feed; leave(): void }> {
    const entry = watched.get(workspaceId) ?? { feed: open(workspaceId), opened: null, users: 0 }
    watched.set(workspaceId, entry)
    entry.users++
    const leave = () => {
      entry.users--
      if (entry.users > 0) return
      if (watched.get(workspaceId) === entry) watched.delete(workspaceId)
      void entry.feed.then(feed => feed.stop()).catch(settings.onError)
    }
    try {
      entry.opened = await entry.feed
      return { feed: entry.opened, leave }
    } catch (error) {
      entry.users--
      if (watched.get(workspaceId) === entry) watched.delete(workspaceId)
      throw error
    }
  }

  async function followFrom(following: Following, seq: number): Promise<Follower> {
    const { feed, leave } = await watch(following.workspaceId)
    return follow(feed, seq, following, leave)
  }

  return {
    watch,
    followFrom,
    async follow(following, after, signal) {
      const { workspaceId } = following
      const { feed, leave } = await watch(workspaceId)
      try {
        for (;;) {
          const breaks = feed.breaks()
          // Read after the watch has begun, so that every later commit is announced. Thousands that reconnect together
          // share a read, so that they are open at once and delay nobody.
          const bounds = await whenAvailable(feed.bounds, signal)
          signal?.throwIfAborted()
          const from = after === null ? bounds.head : resumeAt(bounds, workspaceId, after)
          // Another process has committed, and its hint has not arrived yet; or it has begun a new epoch.
          if (from > feed.head()) await feed.look()
          if (feed.breaks() === breaks) return follow(feed, from, { ...following, breaks }, leave)
          // The log has broken off meanwhile, so the position may be from before.
        }
      } catch (error) {
        leave()
        throw error
      }
    },
    hint(workspaceId) {
      void watched.get(workspaceId)?.feed.then(feed => feed.hint(), settings.onError)
    },
    isWatched: workspaceId => watched.has(workspaceId),
    watched: () => watched.size,
    ageSeconds() {
      const readAt = [...watched.values()].flatMap(({ opened }) => opened?.readAt() ?? [])
      return readAt.length > 0 ? (performance.now() - Math.min(...readAt)) / 1_000 : 0
    },
    async close() {
      const entries = [...watched.values()]
      watched.clear()
      await Promise.all(entries.map(async entry => (await entry.feed).stop()))
    },
  }
}
