import type { Db } from '../db/db.ts'
import {
  deleteOldEvents,
  deleteOldEventsOfEarlierEpochs,
  workspacesWithOldEvents,
} from '../domain/event/retention.ts'
import { deleteExpiredIdempotencyKeys } from '../domain/idempotency/rows.ts'
import { deleteOldRawMails } from '../domain/message/raw-mail.ts'
import { type Repetition, repeat } from '../runtime/repeat.ts'

const sweepEveryMs = 60_000

export type RetentionWatch = {
  /** Called with how many rows have been deleted, and of what. */
  onDeleted(what: 'events' | 'mails' | 'idempotency keys', count: number): void
  onError(error: unknown): void
}

/**
 * Deletes expired idempotency keys, and events and mails that are too old, now and every minute. Several processes may do
 * so at once: each deletes what it finds.
 */
export function keepRetention(
  db: Db,
  { eventRetentionDays, mailKeepDays }: { eventRetentionDays: number | null; mailKeepDays: number },
  { onDeleted, onError }: RetentionWatch,
): { close(): Promise<void> } {
  async function deleteEvents(days: number, signal: AbortSignal): Promise<void> {
    for (const workspaceId of await workspacesWithOldEvents(db, days)) {
      for (const deleteSome of [deleteOldEvents, deleteOldEventsOfEarlierEpochs])
        await deleteAll(
          'events',
          () => db.transaction().execute(writer => deleteSome(writer, workspaceId, days)),
          signal,
        )
    }
  }

  async function deleteAll(
    what: Parameters<typeof onDeleted>[0],
    deleteSome: () => Promise<number>,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      const count = await deleteSome()
      onDeleted(what, count)
      if (count === 0 || signal.aborted) return
    }
  }

  // Each repeats by itself: one that fails keeps no other from its work.
  const sweeping = [
    (signal: AbortSignal) => deleteAll('idempotency keys', () => deleteExpiredIdempotencyKeys(db), signal),
    (signal: AbortSignal) => deleteAll('mails', () => deleteOldRawMails(db, mailKeepDays), signal),
    async (signal: AbortSignal) => {
      if (eventRetentionDays !== null) await deleteEvents(eventRetentionDays, signal)
    },
  ].map(sweep => repeat(sweep, { everyMs: sweepEveryMs, onError }))
  return { close: () => closeAll(sweeping) }
}

async function closeAll(sweeping: Repetition[]): Promise<void> {
  await Promise.all(sweeping.map(each => each.stop()))
}
