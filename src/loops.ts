import type { FastifyBaseLogger } from 'fastify'
import type { Config } from './config.ts'
import type { Db } from './db/db.ts'
import { planAnew } from './db/plan-anew.ts'
import { demoWorkspaceId } from './demo/documented.ts'
import { startTraffic, type Traffic } from './demo/traffic.ts'
import type { Operation } from './domain/operation.ts'
import type { Metrics } from './http/metrics.ts'
import { keepRetention } from './jobs/retention.ts'
import { completeSearch } from './jobs/search-words.ts'
import { watchMailQueue } from './jobs/watch-mail-queue.ts'
import { watchOrigin } from './jobs/watch-origin.ts'
import { makeWordSegments } from './jobs/word-segments.ts'
import { startOutbox } from './mail/outbound/outbox.ts'
import type { MailTransport } from './mail/outbound/transport.ts'
import type { ClosingStep } from './runtime/close.ts'

export type LoopOptions = Pick<Config, 'eventRetentionDays' | 'mailKeepDays' | 'demoTraffic'> & {
  /** Its work takes turns with the requests of all keys. */
  db: Db
  /** For the demo's traffic, which takes turns as a key of its own does. */
  demoDb: Db
  /** For looks that must not wait for requests. */
  probe: Db
  /** Counts what may have changed the embedded database; null: it is a PostgreSQL, and another one may come to answer. */
  changes: (() => number) | null
  announce: Operation['announce']
  isWatched(workspaceId: string): boolean
  mailTransport: MailTransport
  addresses: { from: string; replyDomain: string | null }
  metrics: Pick<Metrics, 'delivery' | 'deleted'>
  log: FastifyBaseLogger
  /** What a loop calls with each failure; it is tried again. */
  onErrorOf(loop: string): (error: unknown, where?: object) => void
}

/** What works without a request, from now until it is closed. */
export type Loops = {
  outbox: ReturnType<typeof startOutbox>
  mailQueue: ReturnType<typeof watchMailQueue>
  /** null: nothing happens in the demo by itself. */
  traffic: Traffic | null
  closing: readonly ClosingStep[]
}

export function startLoops(options: LoopOptions): Loops {
  const { db, probe, announce, metrics, log, onErrorOf } = options
  const outbox = startOutbox({
    db,
    announce,
    transport: options.mailTransport,
    addresses: options.addresses,
    onOutcome: metrics.delivery,
    onError: onErrorOf('outbox'),
  })
  const mailQueue = watchMailQueue(db, onErrorOf('mail queue'))
  const searchable = completeSearch(db, log, onErrorOf('search'))
  const segments = makeWordSegments(db, onErrorOf('word segments'))
  // The embedded database is never promoted, and its copies cannot be told apart.
  const origin = options.changes ? null : watchOrigin({ probe, db, log, onError: onErrorOf('origin') })
  const plans = options.changes && planAnew(db, options.changes, { onError: onErrorOf('plans') })
  const retention = keepRetention(db, options, {
    onDeleted: metrics.deleted,
    onError: onErrorOf('retention'),
  })
  const traffic = options.demoTraffic
    ? startTraffic({
        db: options.demoDb,
        announce,
        isWatched: () => options.isWatched(demoWorkspaceId),
        onError: onErrorOf('demo traffic'),
      })
    : null
  return {
    outbox,
    mailQueue,
    traffic,
    closing: [
      ['the outbox', outbox.close],
      ['the watch of the mail queue', mailQueue.close],
      ['the retention', retention.close],
      ['the watch of the origin', async () => origin?.close()],
      ['the plans', async () => plans?.close()],
      ['the demo traffic', async () => traffic?.close()],
      ['the search job', searchable.close],
      ['the job of word segments', segments.close],
    ],
  }
}
