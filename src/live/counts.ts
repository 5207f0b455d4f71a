import { setTimeout as after } from 'node:timers/promises'
import type { Reader } from '../db/db.ts'
import { countsOfAgents } from '../domain/agent/counts.ts'
import { lost } from '../domain/event/cursor.ts'
import { type Counts, noCounts } from '../domain/workspace/counts.ts'
import { workspacesByIds } from '../domain/workspace/rows.ts'
import { shareNext } from '../runtime/share-next.ts'
import type { Feed } from './feed.ts'
import type { Feeds } from './feeds.ts'

/** The counts of all workspaces that are watched in this process. */
export type LiveCounts = {
  /**
   * The current counts of a workspace, or of one agent, at once, then the newest counts after each change, at most 4
   * times a second. Nothing is queued: a slow subscriber skips intermediate counts.
   */
  watch(workspaceId: string, agentId: string | null): Promise<AsyncIterableIterator<Counts, undefined>>
}

/** Counts that hold every change up to this number of the log: of the workspace, and of each agent that is watched. */
type CountsUpTo = { upTo: number; counts: Counts; agents: ReadonlyMap<string, Counts> }

/** Reads one workspace's counts for all who watch them, and those of the agents that are watched. */
type SharedCounts = {
  /** What is read from now on has the counts of this agent. Returns a function that ends it. */
  watchAgent(agentId: string): () => void
  /** Counts that are read after this call, for all who call meanwhile. */
  read(): Promise<CountsUpTo>
  /** Counts that are newer than this number: the last ones read, else the next ones, shared by all who wait. */
  newerThan(upTo: number): Promise<CountsUpTo>
}

const readEveryMs = 250

export function createCounts(db: Reader, feeds: Feeds): LiveCounts {
  const shared = new WeakMap<Feed, SharedCounts>()
  return {
    async watch(workspaceId, agentId) {
      const { feed, leave } = await feeds.watch(workspaceId)
      const counts = shared.get(feed) ?? shareCounts(db, feed)
      shared.set(feed, counts)
      const unwatch = agentId === null ? () => {} : counts.watchAgent(agentId)
      const end = () => {
        unwatch()
        leave()
      }
      return changesOf(feed, counts, agentId, end)
    },
  }
}

/** The counts are read at most 4 times a second, however often they change. */
function shareCounts(db: Reader, { workspaceId, head }: Feed): SharedCounts {
  let last: CountsUpTo = { upTo: -1, counts: noCounts, agents: new Map() }
  let lastAt = Number.NEGATIVE_INFINITY
  let coming: Promise<CountsUpTo> | null = null
  /** How many watch each agent. */
  const watched = new Map<string, number>()

  const read = shareNext(async (): Promise<CountsUpTo> => {
    const upTo = head()
    const ids = [...watched.keys()]
    const [workspace] = await workspacesByIds(db, workspaceId, [workspaceId])
    const agents = ids.length > 0 ? await countsOfAgents(db, workspaceId, ids) : []
    if (!workspace) throw new Error(`The workspace ${workspaceId} of a valid key does not exist.`)
    const { open, closed, archived, unread, unassigned } = workspace
    const counts = { open, closed, archived, unread, unassigned }
    return { upTo, counts, agents: new Map(agents.map(({ id, ...own }) => [id, own])) }
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
    watchAgent(agentId) {
      watched.set(agentId, (watched.get(agentId) ?? 0) + 1)
      return () => {
        const left = (watched.get(agentId) ?? 0) - 1
        if (left > 0) watched.set(agentId, left)
        else watched.delete(agentId)
      }
    },
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
  agentId: string | null,
  leave: () => void,
): AsyncIterableIterator<Counts, undefined> {
  const breaks = feed.breaks()
  let isOpen = true
  let shown = ''
  let upTo = -1
  let release = () => {}

  /** Resolves when the log has moved beyond what was read, or when the iterator has ended. */
  function moved(): Promise<void> {
    if (feed.head() > upTo || feed.breaks() !== breaks) return Promise.resolve()
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
        if (feed.breaks() !== breaks) {
          void end()
          throw lost()
        }
        // The first counts are read at once: what others have read may be older than what this client has seen.
        const newest = await (upTo < 0 ? counts.read() : counts.newerThan(upTo))
        upTo = newest.upTo
        const value = agentId === null ? newest.counts : (newest.agents.get(agentId) ?? noCounts)
        const text = JSON.stringify(value)
        if (text === shown || !isOpen) continue
        shown = text
        return { done: false, value }
      }
      return end()
    },
    return: end,
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}
