import { setTimeout as after } from 'node:timers/promises'
import type { Db } from '../db/db.ts'
import { deleteOldEvents, workspacesWithOldEvents } from '../domain/event-retention.ts'
import { forgetExpiredRequests } from '../domain/message/once.ts'

const pause = 60_000

/**
 * Deletes, now and every minute, the requests that can no longer be repeated, and events older than so many days; null:
 * no events. Several processes may do so at once: each deletes what it finds.
 */
export function keepRetention(
  db: Db,
  days: number | null,
  onError: (error: unknown) => void,
): { close(): Promise<void> } {
  const stop = new AbortController()

  async function sweep(): Promise<void> {
    await forgetExpiredRequests(db)
    if (days !== null) await deleteEvents(days)
  }

  async function deleteEvents(days: number): Promise<void> {
    for (const workspaceId of await workspacesWithOldEvents(db, days)) {
      let deleted = 1
      while (deleted > 0 && !stop.signal.aborted)
        deleted = await db.transaction().execute(writer => deleteOldEvents(writer, workspaceId, days))
    }
  }

  async function sweepForever(): Promise<void> {
    while (!stop.signal.aborted) {
      await sweep().catch(onError)
      await after(pause, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
  const sweeping = sweepForever()

  return {
    close() {
      stop.abort()
      return sweeping
    },
  }
}
