import { setTimeout as after } from 'node:timers/promises'
import { type Claimed, claimDue, postpone, renewLease } from '../domain/message/delivery.ts'
import { settle } from '../domain/message/settle.ts'
import type { Operation } from '../domain/operation.ts'
import { type Addresses, compose } from './compose.ts'
import type { Post, Verdict } from './post.ts'

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
  let claiming = 0
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

  const claim = async (limit: number, only?: { workspaceId: string; id: string }) =>
    start(await db.transaction().execute(writer => claimDue(writer, { mailDomain, limit, only })))

  async function sweep(): Promise<void> {
    const room = atOnce - running.size - claiming
    if (room > 0) await claim(room)
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
      // So many wait for the mail server already that this one is left to the sweep.
      if (running.size + claiming >= atOnce) return
      claiming++
      const attempt = async () => {
        await claim(1, { workspaceId, id }).finally(() => claiming--)
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

/** Makes an attempt under a lease that is renewed until its outcome has been kept. */
async function attemptDelivery(options: OutboxOptions, message: Claimed, cut: AbortSignal): Promise<void> {
  const { post, addresses, onError, db } = options
  const taken = new AbortController()
  const renew = async () => {
    const isOurs = await db.transaction().execute(writer => renewLease(writer, message))
    if (!isOurs) taken.abort()
  }
  const renewing = setInterval(() => void renew().catch(onError), renewal)
  try {
    const stop = AbortSignal.any([cut, taken.signal])
    const verdict = await post.send(compose(message, addresses), stop)
    if ('error' in verdict) onError(verdict.error)
    // A mail that was taken would go out again if this were lost: it is tried until it is kept, or the lease is not ours.
    await untilDone(() => conclude(options, message, verdict), stop, onError)
  } finally {
    clearInterval(renewing)
  }
}

async function untilDone(work: () => Promise<void>, stop: AbortSignal, onError: (error: unknown) => void) {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      onError(error)
      if (stop.aborted) return
      await after(pause, undefined, { signal: stop }).catch(() => {})
    }
  }
}

/** Keeps what an attempt came to, and when there is to be another. */
async function conclude(options: OutboxOptions, message: Claimed, verdict: Verdict): Promise<void> {
  const { attempts, status } = message
  if (verdict.kind === 'accepted') return settle(options, message, { status: 'SENT' })
  const { kind, reason } = verdict
  if (kind === 'refused') return settle(options, message, { status: 'FAILED', reason, again: null })
  const isLast = attempts >= mostAttempts
  if (kind === 'lost' || (isLast && status === 'UNCONFIRMED')) {
    // Lost twice: a third copy helps nobody.
    const again = status === 'UNCONFIRMED' ? null : lateAgain
    return settle(options, message, { status: 'UNCONFIRMED', reason, again })
  }
  if (isLast) return settle(options, message, { status: 'FAILED', reason, again: null })
  const seconds = Math.min(15 * 2 ** attempts, 3_600)
  await options.db.transaction().execute(writer => postpone(writer, message, seconds))
}

/** What a promise comes to, or undefined when it takes longer than so many milliseconds. */
async function within<Value>(milliseconds: number, promise: Promise<Value>): Promise<Value | undefined> {
  const timer = new AbortController()
  const late = after(milliseconds, undefined, timer).catch(() => undefined)
  return Promise.race([promise, late]).finally(() => timer.abort())
}
