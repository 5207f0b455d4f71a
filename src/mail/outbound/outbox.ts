import { type Claim, type Claimed, claim } from '../../domain/delivery/claim.ts'
import { dueInTurn } from '../../domain/delivery/due.ts'
import { repeat } from '../../runtime/repeat.ts'
import { within } from '../../runtime/within.ts'
import { type AttemptOptions, attemptDelivery } from './attempt.ts'

/** Delivers queued messages, from its start until it is closed. */
export type Outbox = {
  /**
   * Tries to deliver a message that has just been queued. Resolves after that attempt or after 2 seconds, and at once
   * if too many attempts are running. Never throws.
   */
  deliver(workspaceId: string, messageId: string): Promise<void>
  /** Starts no more attempts, and gives running ones 3 seconds to end. The next process repeats those that were cut. */
  close(): Promise<void>
}

const deliverTimeoutMs = 2_000
const closeTimeoutMs = 3_000
const sweepEveryMs = 1_000
const maxAttemptsAtOnce = 20
/** A slow mail server must not delay the mail of other workspaces. */
const maxAttemptsOfOneWorkspace = 15

/**
 * The message rows are the queue, so nothing is lost when this process ends. The next sweep, here or in another
 * process, finds what is due.
 */
export function startOutbox(options: AttemptOptions): Outbox {
  const { db, transport, onError } = options
  const mailDomain = options.addresses.from.split('@').at(-1) ?? 'localhost'
  const running = new Map<string, Promise<void>>()
  /** The attempts of each workspace that are running or being claimed. */
  const busy = new Map<string, number>()
  const cut = new AbortController()

  const busyOf = (workspaceId: string) => busy.get(workspaceId) ?? 0
  const room = () => maxAttemptsAtOnce - [...busy.values()].reduce((sum, count) => sum + count, 0)

  function count(workspaceId: string, change: 1 | -1): void {
    const left = busyOf(workspaceId) + change
    if (left > 0) busy.set(workspaceId, left)
    else busy.delete(workspaceId)
  }

  function start(messages: Claimed[]): void {
    for (const message of messages) {
      count(message.workspaceId, 1)
      const attempt = attemptDelivery(options, message, cut.signal)
        .catch(onError)
        .finally(() => {
          count(message.workspaceId, -1)
          if (running.get(message.id) === attempt) running.delete(message.id)
        })
      running.set(message.id, attempt)
    }
  }

  const startClaimed = async (wanted: Omit<Claim, 'mailDomain'>) =>
    start(await db.transaction().execute(writer => claim(writer, { ...wanted, mailDomain })))

  async function sweep(stop: AbortSignal): Promise<void> {
    const limit = room()
    if (limit <= 0) return
    const due = await dueInTurn(db, { limit, running: busy, maxOfOne: maxAttemptsOfOneWorkspace })
    for (const { workspaceId, ids } of due) {
      if (stop.aborted) return
      // First attempts have begun meanwhile.
      const left = Math.min(room(), maxAttemptsOfOneWorkspace - busyOf(workspaceId))
      const next = { workspaceId, ids: ids.slice(0, Math.max(left, 0)), isFirst: false }
      // A workspace that cannot be reached does not delay the others.
      if (next.ids.length > 0) await startClaimed(next).catch(onError)
    }
  }
  const sweeping = repeat(sweep, { everyMs: sweepEveryMs, onError })

  return {
    async deliver(workspaceId, id) {
      // The maximum number of attempts is running already, so this message is left to the sweep.
      if (room() <= 0 || busyOf(workspaceId) >= maxAttemptsOfOneWorkspace) return
      count(workspaceId, 1)
      const attempt = async () => {
        await startClaimed({ workspaceId, ids: [id], isFirst: true }).finally(() => count(workspaceId, -1))
        await running.get(id)
      }
      await within(deliverTimeoutMs, attempt()).catch(onError)
    },
    async close() {
      await sweeping.stop()
      await within(closeTimeoutMs, Promise.all(running.values()))
      cut.abort()
      await Promise.all(running.values())
      transport.close()
    },
  }
}
