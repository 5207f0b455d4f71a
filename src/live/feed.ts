import type { Db, Reader } from '../db/db.ts'
import { type LogBounds, logBounds } from '../domain/event/cursor.ts'
import { type Event, eventsBetween } from '../domain/event/rows.ts'
import { watchWorkspace } from '../domain/event/watch.ts'
import { repeat } from '../runtime/repeat.ts'
import { shareNext } from '../runtime/share-next.ts'

export type FeedOptions = {
  /** How long a feed waits for a hint before it polls. */
  pollEveryMs: number
  /** How many of the newest events are kept in memory. */
  ringSize: number
  /** Called when the log could not be read; the next poll tries again. */
  onError(error: unknown, where?: { workspaceId: string }): void
  /** Begins a new epoch of all logs, because this one has lost events. */
  beginEpochs(): Promise<void>
}

/** Follows the end of one workspace's event log, for all its subscribers in this process. */
export type Feed = {
  workspaceId: string
  /** Reads the pages of the log that memory does not hold, in the turns of an API key, until the signal aborts. */
  pages(keyId: string, signal: AbortSignal | undefined): Reader
  /** The number of the newest event known here. */
  head(): number
  /** The bounds of the log, read after this call. Those who ask while a read goes on share the next one. */
  bounds(): Promise<LogBounds>
  /** When the log was last read, by `performance.now()`. */
  readAt(): number
  /**
   * How often the log has broken off: the database has lost the end of it, or a new epoch has begun. What was followed
   * before has no continuation.
   */
  breaks(): number
  /** The event with this number, if memory still holds it. */
  recent(seq: number): Event | undefined
  /** Calls back once, when `head` has moved or the log has broken off. */
  onMove(moved: () => void): void
  offMove(moved: () => void): void
  /** Tells that something may have been committed: read now. A hint may be lost, doubled or late. */
  hint(): void
  /** Reads now, and looks whether the log has broken off. Resolves when that was tried, or the feed has stopped. */
  look(): Promise<void>
  stop(): Promise<void>
}

const maxEventsPerRead = 500
/** A new epoch has no event of its own. Its first one tells, and without one every so many reads that find nothing. */
const readsUntilBounds = 5
/** A third of the time that a watch lasts. */
const renewWatchEveryMs = 30_000
const settleEveryMs = 1_000
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
  const { pollEveryMs, ringSize, onError, beginEpochs } = options
  const ring: Event[] = []
  const waiting = new Set<() => void>()
  const watch = () => writer.transaction().execute(writer => watchWorkspace(writer, workspaceId))
  await watch()
  const readBounds = () => logBounds(reader, workspaceId)
  let { head } = await readBounds()
  /** The event at `head`; null: it was not read yet, or is deleted. */
  let newest: Event | null = null
  let breaks = 0
  let readAt = performance.now()
  let isStopped = false
  let idleReads = 0
  /** What was lost, as long as no epoch could be begun for that. */
  let loss: { seq: number; event: Event | null } | null = null
  let lossSeenAt = 0
  /** The `head` at which the log was seen to be empty: its floor is there too. */
  let emptyAt = -1
  const looks: (() => void)[] = []

  function wake(): void {
    const moved = [...waiting]
    waiting.clear()
    for (const callback of moved) callback()
  }

  /**
   * Whoever resumes later is told too. A database that takes no changes has to wait: it is tried again each second. It may
   * also have been a standby that lacked the newest event for a moment. Then nothing is lost.
   */
  async function settleLoss(): Promise<void> {
    if (loss === null || performance.now() - lossSeenAt < settleEveryMs) return
    lossSeenAt = performance.now()
    try {
      if (await isLost(loss)) await beginEpochs()
      if (!(await isLost(loss))) loss = null
    } catch (error) {
      onError(error)
    }
  }

  async function isLost({ seq, event }: { seq: number; event: Event | null }): Promise<boolean> {
    const bounds = await readBounds()
    if (bounds.floor >= seq) return false
    const range = { after: seq - 1, upTo: seq, filter: everything, limit: 1 }
    const [there] = await eventsBetween(reader, workspaceId, range)
    return there === undefined || (event !== null && !isSameEvent(there, event))
  }

  async function read(): Promise<number> {
    await settleLoss()
    // The last known event is read again: if it is another one, the log has gone back, and its numbers were used again.
    const range = {
      after: head - 1,
      upTo: Number.MAX_SAFE_INTEGER,
      filter: everything,
      limit: maxEventsPerRead + 1,
    }
    const events = await eventsBetween(reader, workspaceId, range)
    readAt = performance.now()
    const kept = events[0]?.seq === head ? (events.shift() ?? null) : null
    if (await hasBroken(kept, events[0])) return 0
    newest = kept
    const contiguous = events.filter((event, index) => event.seq === head + 1 + index)
    if (contiguous.length === 0) return 0
    head += contiguous.length
    newest = contiguous.at(-1) ?? kept
    ring.push(...contiguous)
    if (ring.length > ringSize) ring.splice(0, ring.length - ringSize)
    wake()
    return contiguous.length
  }

  /** Whether the log does not go on from `head`. Then everybody is told, and the feed begins anew at its end. */
  async function hasBroken(kept: Event | null, next: Event | undefined): Promise<boolean> {
    const isOther = kept !== null && newest !== null && !isSameEvent(kept, newest)
    const isGap = next !== undefined && next.seq !== head + 1
    idleReads = next === undefined ? idleReads + 1 : 0
    const isDue = idleReads >= readsUntilBounds
    if (isDue) idleReads = 0
    const isExpected = kept !== null || (next === undefined && emptyAt === head)
    if (!isOther && isExpected && !isGap && !isDue) return false
    const bounds = await readBounds()
    if (bounds.floor === head) emptyAt = head
    // Retention has deleted everything up to here; or the read came too early, and the gap closes by itself.
    const goesOn = kept === null ? bounds.floor === head : bounds.floor <= head
    if (!isOther && goesOn) return false
    if (isOther || bounds.head < head) loss = { seq: head, event: newest }
    await settleLoss()
    head = (await readBounds()).head
    newest = null
    ring.length = 0
    breaks++
    wake()
    return true
  }

  async function readToEnd(signal: AbortSignal): Promise<void> {
    const asked = looks.splice(0)
    if (asked.length > 0) idleReads = readsUntilBounds
    try {
      let count = maxEventsPerRead
      while (count >= maxEventsPerRead && !signal.aborted) count = await read()
    } finally {
      for (const done of asked) done()
    }
  }

  const reading = repeat(readToEnd, { everyMs: pollEveryMs, onError })
  const renewing = repeat(watch, { everyMs: renewWatchEveryMs, firstAfterMs: renewWatchEveryMs, onError })
  return {
    workspaceId,
    pages,
    head: () => head,
    bounds: shareNext(readBounds),
    readAt: () => readAt,
    breaks: () => breaks,
    recent: seq => ring[seq - (ring[0]?.seq ?? seq + 1)],
    onMove: moved => waiting.add(moved),
    offMove: moved => waiting.delete(moved),
    hint: reading.wake,
    look() {
      const { promise, resolve } = Promise.withResolvers<void>()
      if (isStopped) return Promise.resolve()
      looks.push(resolve)
      reading.wake()
      return promise
    },
    async stop() {
      isStopped = true
      await Promise.all([reading.stop(), renewing.stop()])
      for (const done of looks.splice(0)) done()
    },
  }
}

/** Times rise within a conversation, so two events of one are never the same. */
const isSameEvent = (one: Event, other: Event) =>
  one.conversationId === other.conversationId &&
  one.type === other.type &&
  one.occurredAt.getTime() === other.occurredAt.getTime()
