import { setTimeout as after } from 'node:timers/promises'
import type { Db } from '../db/db.ts'
import type { Counts } from '../domain/workspace/counts.ts'
import { workspacesByIds } from '../domain/workspace/rows.ts'
import type { Feed } from './feed.ts'
import type { Feeds } from './feeds.ts'

/** The counts of all workspaces that someone in this process watches. */
export type LiveCounts = {
  /**
   * The counts of a workspace at once, then the newest whenever they have changed, at most 4 a second. It holds no
   * queue: a subscriber that takes its time gets the newest of what came meanwhile.
   */
  watch(workspaceId: string): Promise<AsyncIterableIterator<Counts, undefined>>
}

/** Counts that hold every change up to this number of the log. */
type Reading = { upTo: number; counts: Counts }

type Reader = {
  now(): Promise<Reading>
  /** A reading later than that of this number, if there is one, else the next, which all who wait for it share. */
  next(upTo: number): Promise<Reading>
}

const pause = 250

export function createCounts(db: Db, feeds: Feeds): LiveCounts {
  const readers = new WeakMap<Feed, Reader>()
  return {
    async watch(workspaceId) {
      const { feed, leave } = await feeds.watch(workspaceId)
      const reader = readers.get(feed) ?? openReader(db, feed)
      readers.set(feed, reader)
      return watchReader(feed, reader, leave)
    },
  }
}

/** Reads a workspace's counts for all who watch them: however often they change, it does so at most 4 times a second. */
function openReader(db: Db, { workspaceId, head }: Feed): Reader {
  let last: Reading = { upTo: -1, counts: { open: 0, closed: 0, archived: 0, unread: 0, unassigned: 0 } }
  let lastAt = Number.NEGATIVE_INFINITY
  let coming: Promise<Reading> | null = null

  async function now(): Promise<Reading> {
    const upTo = head()
    const [workspace] = await workspacesByIds(db, workspaceId, [workspaceId])
    if (!workspace) throw new Error(`The workspace ${workspaceId} of a valid key does not exist.`)
    const { open, closed, archived, unread, unassigned } = workspace
    return { upTo, counts: { open, closed, archived, unread, unassigned } }
  }

  async function soon(): Promise<Reading> {
    try {
      await after(Math.max(0, lastAt + pause - performance.now()))
      lastAt = performance.now()
      last = await now()
      return last
    } finally {
      coming = null
    }
  }

  return {
    now,
    async next(upTo) {
      while (last.upTo <= upTo) {
        coming ??= soon()
        await coming
      }
      return last
    },
  }
}

function watchReader(
  feed: Feed,
  reader: Reader,
  leave: () => void,
): AsyncIterableIterator<Counts, undefined> {
  let open = true
  let shown = ''
  let upTo = -1
  let release = () => {}

  /** Resolves when the log has moved beyond what was read, or at the end. */
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
    if (open) {
      open = false
      release()
      leave()
    }
    return { done: true, value: undefined } as const
  }

  const iterator: AsyncIterableIterator<Counts, undefined> = {
    async next() {
      while (open) {
        await moved()
        if (!open) break
        // The first is the truth at once; what others have read before may be older than what its client has seen.
        const reading = await (upTo < 0 ? reader.now() : reader.next(upTo))
        upTo = reading.upTo
        const text = JSON.stringify(reading.counts)
        if (text === shown || !open) continue
        shown = text
        return { done: false, value: reading.counts }
      }
      return end()
    },
    return: end,
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}
