import type { Db, Reader } from '../db/db.ts'
import { logBounds } from '../domain/event/cursor.ts'
import { type Event, eventsBetween } from '../domain/event/rows.ts'
import { watchWorkspace } from '../domain/event/watch.ts'
import { repeat } from '../runtime/repeat.ts'

export type FeedOptions = {
  /** How long a feed waits for a hint before it polls. */
  pollEveryMs: number
  /** How many of the newest events are kept in memory. */
  ringSize: number
  /** Called when the log could not be read; the next poll tries again. */
  onError(error: unknown): void
}

/** Follows the end of one workspace's event log, for all its subscribers in this process. */
export type Feed = {
  workspaceId: string
  /** Reads the pages of the log that memory does not hold, in the turns of an API key, until the signal aborts. */
  pages(keyId: string, signal: AbortSignal | undefined): Reader
  /** The number of the newest event known here. */
  head(): number
  /** The event with this number, if memory still holds it. */
  recent(seq: number): Event | undefined
  /** Calls back once, when `head` has moved. */
  onMove(moved: () => void): void
  offMove(moved: () => void): void
  /** Tells that something may have been committed: read now. A hint may be lost, doubled or late. */
  hint(): void
  stop(): Promise<void>
}

const maxEventsPerRead = 500
/** A third of the time that a watch lasts. */
const renewWatchEveryMs = 30_000
const everything = { types: null, conversationId: null, contactId: null }

/**
 * Opens the feed at the end of the log. Events are taken in the order of their numbers, and only without gaps. Commits
 * happen in that order, so a gap means that the read came too early: it is read again.
 */
export async function openFeed(
  { reader, writer, pages }: { reader: Reader; writer: Db; pages: Feed['pages'] },
  workspaceId: string,
  options: FeedOptions,
): Promise<Feed> {
  const { pollEveryMs, ringSize, onError } = options
  const ring: Event[] = []
  const waiting = new Set<() => void>()
  const watch = () => writer.transaction().execute(writer => watchWorkspace(writer, workspaceId))
  await watch()
  let { head } = await logBounds(reader, workspaceId)

  async function read(): Promise<number> {
    const range = {
      after: head,
      upTo: Number.MAX_SAFE_INTEGER,
      filter: everything,
      limit: maxEventsPerRead,
    }
    const events = await eventsBetween(reader, workspaceId, range)
    const contiguous = events.filter((event, index) => event.seq === head + 1 + index)
    if (contiguous.length === 0) return 0
    head += contiguous.length
    ring.push(...contiguous)
    if (ring.length > ringSize) ring.splice(0, ring.length - ringSize)
    const moved = [...waiting]
    waiting.clear()
    for (const callback of moved) callback()
    return contiguous.length
  }

  async function readToEnd(signal: AbortSignal): Promise<void> {
    let count = maxEventsPerRead
    while (count === maxEventsPerRead && !signal.aborted) count = await read()
  }

  const reading = repeat(readToEnd, { everyMs: pollEveryMs, onError })
  const renewing = repeat(watch, { everyMs: renewWatchEveryMs, firstAfterMs: renewWatchEveryMs, onError })
  return {
    workspaceId,
    pages,
    head: () => head,
    recent: seq => ring[seq - (ring[0]?.seq ?? seq + 1)],
    onMove: moved => waiting.add(moved),
    offMove: moved => waiting.delete(moved),
    hint: reading.wake,
    async stop() {
      await Promise.all([reading.stop(), renewing.stop()])
    },
  }
}
