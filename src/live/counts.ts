import type { Db } from '../db/db.ts'
import type { Counts } from '../domain/workspace/counts.ts'
import { workspacesByIds } from '../domain/workspace/rows.ts'
import type { Feeds } from './feeds.ts'

const pause = 250

/**
 * The counts of a workspace at once, then the newest whenever they have changed, at most 4 a second. It holds no queue:
 * a subscriber that takes its time gets the newest of what came meanwhile.
 */
export async function watchCounts(
  db: Db,
  feeds: Feeds,
  workspaceId: string,
): Promise<AsyncIterableIterator<Counts, undefined>> {
  const { feed, leave } = await feeds.watch(workspaceId)
  let open = true
  let shown = ''
  let readAt = -1
  let shownAt = Number.NEGATIVE_INFINITY
  let release = () => {}

  /** Resolves when the log has moved beyond what was read, or at the end. */
  function moved(): Promise<void> {
    if (feed.head() > readAt) return Promise.resolve()
    return new Promise(resolve => {
      release = () => {
        feed.offMove(resolve)
        resolve()
      }
      feed.onMove(resolve)
    })
  }

  /** Resolves a quarter of a second after the last counts were shown, or at the end. */
  function paused(): Promise<void> {
    const left = shownAt + pause - performance.now()
    if (left <= 0) return Promise.resolve()
    return new Promise(resolve => {
      const timer = setTimeout(resolve, left)
      release = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async function read(): Promise<Counts> {
    readAt = feed.head()
    const [workspace] = await workspacesByIds(db, workspaceId, [workspaceId])
    if (!workspace) throw new Error(`The workspace ${workspaceId} of a valid key does not exist.`)
    const { open, closed, archived, unread, unassigned } = workspace
    return { open, closed, archived, unread, unassigned }
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
        await paused()
        if (!open) break
        const counts = await read()
        const text = JSON.stringify(counts)
        if (text === shown) continue
        shown = text
        shownAt = performance.now()
        return { done: false, value: counts }
      }
      return end()
    },
    return: end,
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}
