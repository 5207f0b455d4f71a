import type { Db } from '../db/db.ts'
import { notifyThrough, openNotifications } from '../db/notifications.ts'

/**
 * Tells other processes that a workspace's log has moved. A hint may be lost, doubled or late: it only wakes a reader.
 */
export type Hints = {
  publish(workspaceId: string): void
  /** Whether hints of other processes arrive; null: there is no other process. */
  isListening(): boolean | null
  /** How many were sent, and received; null: there is no other process. */
  counts(): { sent: number; received: number } | null
  close(): Promise<void>
}

export type HintsOptions = {
  /** Another connection to the same database. */
  probe: Db
  onHint(workspaceId: string): void
  /** Called when hints of other processes do not arrive, although the database is there. */
  onDeaf(): void
  onError(error: unknown): void
}

/** For a database that only this process has open: there is no other process to tell. */
export const noHints = (): Hints => ({
  publish() {},
  isListening: () => null,
  counts: () => null,
  close: async () => {},
})

/**
 * Hints through PostgreSQL, in statements of their own after the commit. Inside a transaction a notification would take
 * a lock that all commits share. While one statement runs, the workspaces for the next one are collected.
 */
export function postgresHints(url: string, { probe, onHint, onDeaf, onError }: HintsOptions): Hints {
  const notifications = openNotifications(url, 'conversations_gateway', {
    onMessage(workspaceId) {
      counts.received++
      onHint(workspaceId)
    },
    notifyElsewhere: name => notifyThrough(probe, name),
    onDeaf,
    onError,
  })
  const counts = { sent: 0, received: 0 }
  const waiting = new Set<string>()
  let isSending = false

  async function send(): Promise<void> {
    isSending = true
    while (waiting.size > 0) {
      const workspaces = [...waiting]
      waiting.clear()
      // The readers' poll makes up for a lost hint.
      await notifications.notify(workspaces).then(() => {
        counts.sent += workspaces.length
      }, onError)
    }
    isSending = false
  }

  return {
    isListening: notifications.isListening,
    counts: () => counts,
    publish(workspaceId) {
      // Whoever misses a hint polls. A line for each commit would fill the log of an outage.
      if (!notifications.isConnected()) return
      waiting.add(workspaceId)
      if (!isSending) void send()
    },
    close: () => notifications.close(),
  }
}
