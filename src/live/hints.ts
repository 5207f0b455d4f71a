import { openChannel } from '../db/channel.ts'

/** Tells other processes that a workspace's log has moved. A hint may be lost, doubled or late: it only wakes a reader. */
export type Hints = {
  publish(workspaceId: string): void
  close(): Promise<void>
}

export type HintsOptions = {
  onHint(workspaceId: string): void
  onError(error: unknown): void
}

/** For a database that only this process has open: there is nobody else to tell. */
export const noHints = (): Hints => ({ publish() {}, close: async () => {} })

/**
 * Hints through PostgreSQL, in statements of their own after the commit: inside a transaction a notification would take a
 * lock that all commits share. While one statement is on its way, the workspaces of the next are gathered.
 */
export function postgresHints(url: string, { onHint, onError }: HintsOptions): Hints {
  const channel = openChannel(url, 'conversations_gateway', { onMessage: onHint, onError })
  const waiting = new Set<string>()
  let sending = false

  async function send(): Promise<void> {
    sending = true
    while (waiting.size > 0) {
      const workspaces = [...waiting]
      waiting.clear()
      // A hint that is lost is made good by the readers' poll.
      await channel.notify(workspaces).catch(onError)
    }
    sending = false
  }

  return {
    publish(workspaceId) {
      waiting.add(workspaceId)
      if (!sending) void send()
    },
    close: () => channel.close(),
  }
}
