import type { Reader } from '../db/db.ts'
import { refusal } from '../domain/errors.ts'
import { type Event, eventsAfter } from '../domain/event.ts'
import { logBounds } from '../domain/event-cursor.ts'
import type { Feed } from './feed.ts'

const page = 200
const ended: IteratorReturnResult<undefined> = { done: true, value: undefined }

/**
 * Walks a workspace's log from a position on, without end. A follower is only that position: near the end it reads what
 * the feed holds in memory, further back it reads pages from the table, so that nothing is queued and nothing overflows.
 * `return()` answers a waiting `next()` at once. What `wants` turns down is passed over.
 *
 * `next()` rejects with a Refusal CURSOR_EXPIRED when the events that follow have been deleted.
 */
export function follow<Wanted extends Event>(
  { db, feed, workspaceId, onEnd }: { db: Reader; feed: Feed; workspaceId: string; onEnd(): void },
  after: number,
  wants: (event: Event) => event is Wanted,
): AsyncIterableIterator<Wanted, undefined> {
  let at = after
  let read: Event[] = []
  let open = true
  let release = () => {}

  function nextAtHand(): Event | undefined {
    while (read[0] && read[0].seq <= at) read.shift()
    return feed.recent(at + 1) ?? read[0]
  }

  async function readOn(): Promise<void> {
    read = await eventsAfter(db, workspaceId, at, page)
    if (read[0]?.seq === at + 1) return
    read = []
    if (at < (await logBounds(db, workspaceId)).floor)
      throw refusal('CURSOR_EXPIRED', 'The events after this cursor have been deleted. Query again.', 'after')
  }

  function moved(): Promise<void> {
    return new Promise(resolve => {
      release = () => {
        feed.offMove(resolve)
        resolve()
      }
      feed.onMove(resolve)
    })
  }

  function end() {
    if (open) {
      open = false
      read = []
      release()
      onEnd()
    }
    return ended
  }

  return {
    async next() {
      while (open) {
        const event = nextAtHand()
        if (event) {
          at = event.seq
          if (wants(event)) return { done: false, value: event }
        } else if (at < feed.head()) await readOn()
        else await moved()
      }
      return ended
    },
    return: async () => end(),
    throw: async error => {
      end()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
