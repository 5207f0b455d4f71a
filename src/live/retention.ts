import { setTimeout as after } from 'node:timers/promises'
import type { Db } from '../db/db.ts'
import { deleteOldEvents, workspacesWithOldEvents } from '../domain/event-retention.ts'

const pause = 60_000

/**
 * Deletes events older than so many days, now and every minute; null: never. Several processes may do so at once: each
 * deletes what it finds.
 */
export function keepRetention(
  db: Db,
  days: number | null,
  onError: (error: unknown) => void,
): { close(): Promise<void> } {
  const stop = new AbortController()

  async function sweep(days: number): Promise<void> {
    for (const workspaceId of await workspacesWithOldEvents(db, days)) {
      let deleted = 1
      while (deleted > 0 && !stop.signal.aborted)
        deleted = await db.transaction().execute(writer => deleteOldEvents(writer, workspaceId, days))
    }
  }

  async function sweepForever(): Promise<void> {
    while (days !== null && !stop.signal.aborted) {
      await sweep(days).catch(onError)
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
