import { setTimeout as after } from 'node:timers/promises'
import type { Reader } from '../db/db.ts'
import type { Counts } from '../domain/workspace/counts.ts'
import { workspacesByIds } from '../domain/workspace/rows.ts'
import { shareNext } from '../runtime/share-next.ts'
import type { Feed } from './feed.ts'
import type { Feeds } from './feeds.ts'

/** The counts of all workspaces that are watched in this process. */
export type LiveCounts = {
  /**
   * The current counts of a workspace at once, then the newest counts after each change, at most 4 times a second.
   * Nothing is queued: a slow subscriber skips intermediate counts.
   */
  watch(workspaceId: string): Promise<AsyncIterableIterator<Counts, undefined>>
}

/** Counts that hold every change up to this number of the log. */
type CountsUpTo = { upTo: number; counts: Counts }

/** Reads one workspace's counts for all who watch them. */
type SharedCounts = {
  /** Counts that are read after this call, for all who call meanwhile. */
  read(): Promise<CountsUpTo>
  /** Counts that are newer than this number: the last ones read, else the next ones, shared by all who wait. */
  newerThan(upTo: number): Promise<CountsUpTo>
}

const readEveryMs = 250

export function createCounts(db: Reader, feeds: Feeds): LiveCounts {
  const shared = new WeakMap<Feed, SharedCounts>()
  return {
    async watch(workspaceId) {
      const { feed, leave } = await feeds.watch(workspaceId)
      const counts = shared.get(feed) ?? shareCounts(db, feed)
      shared.set(feed, counts)
      return changesOf(feed, counts, leave)
    },
  }
}

/** The counts are read at most 4 times a second, however often they change. */
function shareCounts(db: Reader, { workspaceId, head }: Feed): SharedCounts {
  let last: CountsUpTo = { upTo: -1, counts: { open: 0, closed: 0, archived: 0, unread: 0, unassigned: 0 } }
  let lastAt = Number.NEGATIVE_INFINITY
  let coming: Promise<CountsUpTo> | null = null

  const read = shareNext(async (): Promise<CountsUpTo> => {
    const upTo = head()
    const [workspace] = await workspacesByIds(db, workspaceId, [workspaceId])
    if (!workspace) throw new Error(`The workspace ${workspaceId} of a valid key does not exist.`)
    const { open, closed, archived, unread, unassigned } = workspace
    return { upTo, counts: { open, closed, archived, unread, unassigned } }
  })

  async function readSoon(): Promise<CountsUpTo> {
    try {
      await after(Math.max(0, lastAt + readEveryMs - performance.now()))
      lastAt = performance.now()
      last = await read()
      return last
    } finally {
      coming = null
    }
  }

  return {
    read,
    async newerThan(upTo) {
      while (last.upTo <= upTo) {
        coming ??= readSoon()
        await coming
      }
      return last
    },
  }
}

function changesOf(
  feed: Feed,
  counts: SharedCounts,
  leave: () => void,
): AsyncIterableIterator<Counts, undefined> {
  let isOpen = true
  let shown = ''
  let upTo = -1
  let release = () => {}

  /** Resolves when the log has moved beyond what was read, or when the iterator has ended. */
  function moved(): Promise<void> {
    if (feed.head() > upTo) return Promise.resolve()
    return new Promise(resolve => {
      release = () => {
        feed.offMove(resolve)
        resolve()
      }
      feed.onMove(resolve)
    })
  }

  const end = async () => {
    if (isOpen) {
      isOpen = false
      release()
      leave()
    }
    return { done: true, value: undefined } as const
  }

  const iterator: AsyncIterableIterator<Counts, undefined> = {
    async next() {
      while (isOpen) {
        await moved()
        if (!isOpen) break
        // The first counts are read at once: what others have read may be older than what this client has seen.
        const newest = await (upTo < 0 ? counts.read() : counts.newerThan(upTo))
        upTo = newest.upTo
        const text = JSON.stringify(newest.counts)
        if (text === shown || !isOpen) continue
        shown = text
        return { done: false, value: newest.counts }
      }
      return end()
    },
    return: end,
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}
