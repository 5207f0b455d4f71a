import { Socket } from 'node:net'
import pg from 'pg'
import { repeat } from '../runtime/repeat.ts'

/** PostgreSQL's LISTEN and NOTIFY under one name. It has a client of its own and makes a new one when that is lost. */
export type Notifications = {
  /** Sends these payloads to every other listener. Rejects while the client is not connected. */
  notify(payloads: readonly string[]): Promise<void>
  isConnected(): boolean
  close(): Promise<void>
}

export type NotificationsOptions = {
  /** Called with each payload that another connection has sent. */
  onMessage(payload: string): void
  onError(error: unknown): void
}

const reconnectAfterMs = [50, 100, 200, 500, 1_000]
/** A client that is lost sooner than this counts as a failed attempt. */
const stableAfterMs = 5_000

/**
 * Listens under a name, which must be a plain SQL identifier. It does not work through a pooler in transaction mode.
 */
export function openNotifications(
  url: string,
  name: string,
  { onMessage, onError }: NotificationsOptions,
): Notifications {
  let client: pg.Client | null = null
  let stream: Socket | undefined
  let isClosed = false

  async function listen(): Promise<void> {
    const begunAt = performance.now()
    const socket = new Socket()
    stream = socket
    const fresh = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      stream: () => socket,
    })
    const lost = Promise.withResolvers<void>()
    // Before it has connected, nothing waits for this: connecting fails by itself.
    lost.promise.catch(() => {})
    fresh.on('error', lost.reject)
    fresh.on('end', () => lost.resolve())
    // A client also receives its own notifications. They are ignored.
    const own = fresh as { processID?: number }
    fresh.on(
      'notification',
      ({ processId, payload }) => processId !== own.processID && onMessage(payload ?? ''),
    )
    try {
      await fresh.connect()
      await fresh.query(`listen ${name}`)
      if (isClosed) return
      client = fresh
      await lost.promise
    } finally {
      client = null
      await fresh.end().catch(() => {})
    }
    if (!isClosed && performance.now() - begunAt < stableAfterMs)
      throw new Error('The notification client was lost soon after connecting.')
  }

  const [everyMs = 0] = reconnectAfterMs
  const listening = repeat(listen, {
    everyMs,
    backoffMs: reconnectAfterMs,
    onError: error => isClosed || onError(error),
  })

  return {
    isConnected: () => client !== null,
    async notify(payloads) {
      if (!client) throw new Error('The notification client is not connected.')
      await client.query('select pg_notify($1, payload) from unnest($2::text[]) payload', [name, payloads])
    },
    async close() {
      isClosed = true
      const stopped = listening.stop()
      // A client that is still connecting may never get an answer, so its socket is destroyed.
      if (client) await client.end().catch(() => {})
      else stream?.destroy()
      await stopped
    },
  }
}
