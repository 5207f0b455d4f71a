import { setTimeout as after } from 'node:timers/promises'
import { type Claimed, claimDue, postpone, settle } from '../domain/message/delivery.ts'
import type { Operation } from '../domain/operation.ts'
import { compose } from './compose.ts'
import { type Post, permanentFailure } from './post.ts'

/** Delivers queued messages, from the moment it is started until it is closed. */
export type Outbox = {
  /** Tries a message that has just been queued, and resolves after that attempt or after 2 seconds. Never throws. */
  deliver(workspaceId: string, messageId: string): Promise<void>
  /** Starts no more attempts, and gives those that run 5 seconds to end; the next process makes them again. */
  close(): Promise<void>
}

export type OutboxOptions = Pick<Operation, 'db' | 'committed'> & {
  post: Post
  /** The address mail comes from where the conversation's channel has none. */
  from: string
  /** Called with what went wrong in an attempt that will be made again. */
  onError(error: unknown): void
}

const patience = 2_000
const pause = 1_000
const atOnce = 10
/** Inside the lease of 30 seconds, so that nobody else tries the same message meanwhile. */
const deadline = 25_000
const closing = 5_000

/**
 * The message rows are the queue, so nothing is lost when this process ends: whatever is due is found by the next sweep,
 * here or in another process.
 */
export function startOutbox(options: OutboxOptions): Outbox {
  const { db, onError } = options
  const mailDomain = options.from.split('@').at(-1) ?? 'localhost'
  const running = new Map<string, Promise<void>>()
  const stop = new AbortController()

  function start(messages: Claimed[]): void {
    for (const message of messages) {
      const attempt = attemptDelivery(options, message)
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
      options.post.close()
    },
  }
}

async function attemptDelivery(
  { post, from, onError, ...operation }: OutboxOptions,
  message: Claimed,
): Promise<void> {
  try {
    const sent = post.send(compose(message, from)).then(() => true)
    if (!(await within(deadline, sent))) throw new Error(`The mail server took longer than ${deadline} ms.`)
  } catch (error) {
    const reason = permanentFailure(error)
    if (reason !== null) return void (await settle(operation, message, { status: 'FAILED', reason }))
    onError(error)
    const seconds = Math.min(15 * 2 ** message.attempts, 3_600)
    return operation.db.transaction().execute(writer => postpone(writer, message, seconds))
  }
  await settle(operation, message, { status: 'SENT' })
}

/** What a promise comes to, or undefined when it takes longer than so many milliseconds. */
async function within<Value>(milliseconds: number, promise: Promise<Value>): Promise<Value | undefined> {
  const timer = new AbortController()
  const late = after(milliseconds, undefined, timer).catch(() => undefined)
  return Promise.race([promise, late]).finally(() => timer.abort())
}
