import type { AppOptions } from './app-options.ts'
import type { Event } from './domain/event/rows.ts'
import type { Operation } from './domain/operation.ts'
import { newEpochAfterLoss } from './jobs/watch-origin.ts'
import { createAnnounce } from './live/announce.ts'
import { type Broadcasts, createBroadcasts } from './live/broadcasts.ts'
import { createCounts, type LiveCounts } from './live/counts.ts'
import { createFeeds, type Feeds } from './live/feeds.ts'
import type { Hints } from './live/hints.ts'
import type { Budget } from './runtime/budget.ts'
import type { ClosingStep } from './runtime/close.ts'

export type LiveDeliveryOptions = Pick<AppOptions, 'database' | 'openHints' | 'limits' | 'log'> & {
  /** What each API key may spend on its events. */
  events: Budget
  /** Called with each event that all live subscribers of a broadcast have been given. */
  onSent(event: Event): void
  /** What a loop calls with each failure; it is tried again. */
  onErrorOf(loop: string): (error: unknown, where?: object) => void
}

/** What brings each change to its subscribers, in this process and in others. */
export type LiveDelivery = {
  feeds: Feeds
  broadcasts: Broadcasts
  counts: LiveCounts
  hints: Hints
  announce: Operation['announce']
  closing: readonly ClosingStep[]
}

const deaf =
  'changes of other processes are seen up to a second late: notifications do not arrive. Where DATABASE_URL leads through a pooler, DATABASE_DIRECT_URL must lead to the same database without it'

/** Opens the hints. Logs are followed from their first subscriber on. */
export function openLiveDelivery(options: LiveDeliveryOptions): LiveDelivery {
  const { database, log, limits, events, onSent, onErrorOf } = options
  const feeds = createFeeds(database, {
    onError: onErrorOf('feeds'),
    onLoss: workspaces => log.warn({ workspaces }, newEpochAfterLoss),
  })
  const hints = options.openHints({
    probe: database.probe,
    onHint: feeds.hint,
    onDeaf: () => log.warn(deaf),
    onError: onErrorOf('hints'),
  })
  return {
    feeds,
    broadcasts: createBroadcasts(feeds, { limits, events, onSent }),
    counts: createCounts(database.reserved, feeds),
    hints,
    announce: createAnnounce(feeds, hints),
    closing: [
      ['the feeds', feeds.close],
      ['the hints', hints.close],
    ],
  }
}
