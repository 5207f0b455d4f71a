import { setTimeout as after } from 'node:timers/promises'
import { type Claimed, claimDue, postpone, renewLease } from '../domain/message/delivery.ts'
import { settle } from '../domain/message/settle.ts'
import type { Operation } from '../domain/operation.ts'
import { type Addresses, compose } from './compose.ts'
import type { Post } from './post.ts'

/** Delivers queued messages, from the moment it is started until it is closed. */
export type Outbox = {
  /** Tries a message that has just been queued, and resolves after that attempt or after 2 seconds. Never throws. */
  deliver(workspaceId: string, messageId: string): Promise<void>
  /** Starts no more attempts, and gives those that run 5 seconds to end; the next process makes them again. */
  close(): Promise<void>
}

export type OutboxOptions = Pick<Operation, 'db' | 'committed'> & {
  post: Post
  addresses: Addresses
  /** Called with what went wrong in an attempt that will be made again. */
  onError(error: unknown): void
}

const patience = 2_000
const pause = 1_000
const atOnce = 20
/** Well inside the lease of 30 seconds, so that nobody else tries the same message meanwhile. */
const renewal = 10_000
const closing = 5_000
/** With pauses that grow from 30 seconds to an hour these take four days (RFC 5321, 4.5.4.1). */
const mostAttempts = 100
/** How long to wait before a mail is sent again that may have arrived: long enough for a report of it to come first. */
const lateAgain = 900

/**
 * The message rows are the queue, so nothing is lost when this process ends: whatever is due is found by the next sweep,
 * here or in another process.
 */
export function startOutbox(options: OutboxOptions): Outbox {
  const { db, onError } = options
  const mailDomain = options.addresses.from.split('@').at(-1) ?? 'localhost'
  const running = new Map<string, Promise<void>>()
  const stop = new AbortController()
  const cut = new AbortController()

  function start(messages: Claimed[]): void {
    for (const message of messages) {
      const attempt = attemptDelivery(options, message, cut.signal)
        .catch(onError)
        .finally(() => running.get(message.id) === attempt && running.delete(message.id))
      running.set(message.id, attempt)
    }
  }

  async function sweep(): Promise<void> {
    const limit = atOnce - running.size
    if (limit > 0) start(await db.transaction().execute(writer => claimDue(writer, { mailDomain, limit })))
  }

  async function sweepForever(): Promise<void> {
    while (!stop.signal.aborted) {
      await sweep().catch(onError)
      await after(pause, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
  const sweeping = sweepForever()

  return {
    async deliver(workspaceId, id) {
      const attempt = async () => {
        const only = { workspaceId, id }
        start(await db.transaction().execute(writer => claimDue(writer, { mailDomain, limit: 1, only })))
        await running.get(id)
      }
      await within(patience, attempt()).catch(onError)
    },
    async close() {
      stop.abort()
      await sweeping
      await within(closing, Promise.all(running.values()))
      cut.abort()
      await Promise.all(running.values())
      options.post.close()
    },
  }
}

async function attemptDelivery(options: OutboxOptions, message: Claimed, cut: AbortSignal): Promise<void> {
  const { post, addresses, onError, db } = options
  const renewing = setInterval(
    () =>
      void db
        .transaction()
        .execute(writer => renewLease(writer, message))
        .catch(onError),
    renewal,
  )
  const verdict = await post.send(compose(message, addresses), cut).finally(() => clearInterval(renewing))
  const { attempts, status } = message
  if (verdict.kind === 'accepted') return settle(options, message, { status: 'SENT' })
  const { kind, reason } = verdict
  if (kind === 'refused') return settle(options, message, { status: 'FAILED', reason, again: null })
  onError(verdict.error)
  // Lost twice: a third copy helps nobody.
  if (kind === 'lost' || (attempts >= mostAttempts && status === 'UNCONFIRMED')) {
    const again = status === 'UNCONFIRMED' ? null : lateAgain
    return settle(options, message, { status: 'UNCONFIRMED', reason, again })
  }
  if (attempts >= mostAttempts) return settle(options, message, { status: 'FAILED', reason, again: null })
  const seconds = Math.min(15 * 2 ** attempts, 3_600)
  await db.transaction().execute(writer => postpone(writer, message, seconds))
}

/** What a promise comes to, or undefined when it takes longer than so many milliseconds. */
async function within<Value>(milliseconds: number, promise: Promise<Value>): Promise<Value | undefined> {
  const timer = new AbortController()
  const late = after(milliseconds, undefined, timer).catch(() => undefined)
  return Promise.race([promise, late]).finally(() => timer.abort())
}
