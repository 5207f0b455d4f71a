import type { Db } from '../db/db.ts'
import { deleteOldEvents, workspacesWithOldEvents } from '../domain/event/retention.ts'
import { deleteExpiredIdempotencyKeys } from '../domain/idempotency/rows.ts'
import { deleteOldRawMails } from '../domain/message/raw-mail.ts'
import { repeat } from '../runtime/repeat.ts'

const sweepEveryMs = 60_000

/**
 * Deletes expired idempotency keys, and events and mails that are too old, now and every minute. Several processes may do
 * so at once: each deletes what it finds.
 */
export function keepRetention(
  db: Db,
  { eventRetentionDays, mailKeepDays }: { eventRetentionDays: number | null; mailKeepDays: number },
  onError: (error: unknown) => void,
): { close(): Promise<void> } {
  async function deleteEvents(days: number, signal: AbortSignal): Promise<void> {
    for (const workspaceId of await workspacesWithOldEvents(db, days)) {
      let deleted = 1
      while (deleted > 0 && !signal.aborted)
        deleted = await db.transaction().execute(writer => deleteOldEvents(writer, workspaceId, days))
    }
  }

  async function sweep(signal: AbortSignal): Promise<void> {
    while ((await deleteExpiredIdempotencyKeys(db)) > 0 && !signal.aborted);
    while ((await deleteOldRawMails(db, mailKeepDays)) > 0 && !signal.aborted);
    if (eventRetentionDays !== null) await deleteEvents(eventRetentionDays, signal)
  }

  const sweeping = repeat(sweep, { everyMs: sweepEveryMs, onError })
  return { close: () => sweeping.stop() }
}
