import { Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import pg from 'pg'

/** A PostgreSQL notification channel, on a connection of its own that is made again whenever it is lost. */
export type Channel = {
  /** Sends these payloads to every other listener. Rejects while the connection is away. */
  notify(payloads: readonly string[]): Promise<void>
  close(): Promise<void>
}

export type ChannelOptions = {
  /** Called with each payload that another connection has sent. */
  onMessage(payload: string): void
  onError(error: unknown): void
}

const pauses = [50, 100, 200, 500, 1_000]

/** Listens on a channel, whose name must be a plain identifier. Not through a pooler that lends connections by transaction. */
export function openChannel(url: string, name: string, { onMessage, onError }: ChannelOptions): Channel {
  let client: pg.Client | null = null
  let stream: Socket | undefined
  let closed = false

  async function connect(): Promise<void> {
    const socket = new Socket()
    stream = socket
    const fresh = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      stream: () => socket,
    })
    const lost = Promise.withResolvers<void>()
    fresh.on('error', error => {
      onError(error)
      lost.resolve()
    })
    fresh.on('end', () => lost.resolve())
    // Its own notifications come back to a connection too: they are not news.
    const own = fresh as unknown as { processID: number }
    fresh.on(
      'notification',
      ({ processId, payload }) => processId !== own.processID && onMessage(payload ?? ''),
    )
    try {
      await fresh.connect()
      await fresh.query(`listen ${name}`)
      if (closed) return
      client = fresh
      await lost.promise
    } finally {
      client = null
      await fresh.end().catch(() => {})
    }
  }

  async function keepConnected(): Promise<void> {
    for (let failures = 0; !closed; failures++) {
      const begun = performance.now()
      await connect().catch(error => closed || onError(error))
      if (performance.now() - begun > 5_000) failures = 0
      if (!closed) await after(pauses[Math.min(failures, pauses.length - 1)])
    }
  }
  const keeping = keepConnected()

  return {
    async notify(payloads) {
      if (!client) throw new Error('The notification connection is away.')
      await client.query('select pg_notify($1, payload) from unnest($2::text[]) payload', [name, payloads])
    },
    async close() {
      closed = true
      // One that is still connecting may never get an answer.
      if (client) await client.end().catch(() => {})
      else stream?.destroy()
      await keeping
    },
  }
}
