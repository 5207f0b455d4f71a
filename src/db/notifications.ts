import { randomBytes } from 'node:crypto'
import { Socket } from 'node:net'
import { setTimeout as after, setImmediate as soon } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import { repeat } from '../runtime/repeat.ts'
import type { Db } from './db.ts'

/** PostgreSQL's LISTEN and NOTIFY under one name. It has a client of its own and makes a new one when that is lost. */
export type Notifications = {
  /** Sends these payloads to every other listener. Rejects while the client is not connected. */
  notify(payloads: readonly string[]): Promise<void>
  /** Whether it is connected, and hears what is sent over other connections. */
  isListening(): boolean
  isConnected(): boolean
  close(): Promise<void>
}

export type NotificationsOptions = {
  /** Called with each payload that another connection has sent. */
  onMessage(payload: string): void
  /** Sends a notification without a payload under this name, over another connection. */
  notifyElsewhere(name: string): Promise<unknown>
  /** Called when a connected client does not hear that one, as behind a pooler in transaction mode. */
  onDeaf(): void
  onError(error: unknown): void
}

/** Sends a notification without a payload. */
export const notifyThrough = (db: Db, name: string) => sql`select pg_notify(${name}, '')`.execute(db)

const reconnectAfterMs = [50, 100, 200, 500, 1_000]
/** How long a notification that has been sent is waited for, and an answer. */
const heardWithinMs = 5_000
const checkAgainAfterMs = 1_000
/** A connection that has never heard anything is made anew after so many checks: the network may have failed at once. */
const deafChecks = 5
/** How long a connection may take to end in order. */
const endWithinMs = 1_000
/** A client that is lost sooner than this counts as a failed attempt. */
const stableAfterMs = 5_000

/**
 * Listens under a name, which must be a plain SQL identifier. Through a pooler in transaction mode nothing arrives: LISTEN
 * belongs to a session, and the pooler lends it to others. A connection on which nothing arrives any more, because the
 * network swallows it, is given up after 12 seconds at most: every 6 seconds it must hear a notification to itself. One
 * that has never heard any is given up after half a minute.
 */
export function openNotifications(
  url: string,
  name: string,
  { onMessage, notifyElsewhere, onDeaf, onError }: NotificationsOptions,
): Notifications {
  let client: pg.Client | null = null
  let stream: Socket | undefined
  let isClosed = false
  let isListening = false
  let hasHeard = false
  /** Whether it was told that nothing arrives, since something has. */
  let isToldDeaf = false
  /** A name that nobody else listens to. */
  const ownName = `${name}_${randomBytes(8).toString('hex')}`

  async function listen(): Promise<void> {
    const begunAt = performance.now()
    const socket = new Socket()
    stream = socket
    const fresh = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: heardWithinMs,
      query_timeout: heardWithinMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: heardWithinMs,
      stream: () => socket,
    })
    const lost = Promise.withResolvers<void>()
    // Before it has connected, nothing waits for this: connecting fails by itself.
    lost.promise.catch(() => {})
    fresh.on('error', lost.reject)
    fresh.on('end', () => lost.resolve())
    // A client also receives its own notifications. They are ignored.
    const own = fresh as { processID?: number }
    fresh.on('notification', ({ channel, processId, payload }) => {
      if (channel === ownName) {
        isListening = hasHeard = true
        isToldDeaf = false
      }
      if (channel === name && processId !== own.processID) onMessage(payload ?? '')
    })
    try {
      await fresh.connect()
      await fresh.query(`listen ${name}; listen ${ownName}`)
      if (isClosed) return
      client = fresh
      void checkHearing(fresh, socket)
      await lost.promise
    } finally {
      isListening = false
      client = null
      await end(fresh, socket)
    }
    if (!isClosed && performance.now() - begunAt < stableAfterMs)
      throw new Error('The notification client was lost soon after connecting.')
  }

  /** While the other connection is away, nothing is known, and this one is not ended for that. Never rejects. */
  async function checkHearing(checked: pg.Client, socket: Socket): Promise<void> {
    const isSent = () =>
      notifyElsewhere(ownName).then(
        () => true,
        () => false,
      )
    let deaf = 0
    while (client === checked) {
      hasHeard = false
      if (await isSent()) {
        await after(heardWithinMs, undefined, { ref: false })
        // A process that was frozen reads first what has arrived meanwhile.
        await soon()
        if (client !== checked) return
        deaf = hasHeard ? 0 : deaf + 1
        if (!hasHeard && (isListening || deaf >= deafChecks))
          socket.destroy(new Error('Notifications do not arrive any more.'))
        else if (!hasHeard && !isToldDeaf) {
          isToldDeaf = true
          onDeaf()
        }
      }
      await after(checkAgainAfterMs, undefined, { ref: false })
    }
  }

  /** The network may swallow the farewell, so it has a limit. */
  async function end(ending: pg.Client, socket: Socket): Promise<void> {
    const timer = setTimeout(() => socket.destroy(), endWithinMs)
    await ending.end().catch(() => {})
    clearTimeout(timer)
  }

  const [everyMs = 0] = reconnectAfterMs
  const listening = repeat(listen, {
    everyMs,
    backoffMs: reconnectAfterMs,
    onError: error => isClosed || onError(error),
  })

  return {
    isListening: () => isListening,
    isConnected: () => client !== null,
    async notify(payloads) {
      if (!client) throw new Error('The notification client is not connected.')
      await client.query('select pg_notify($1, payload) from unnest($2::text[]) payload', [name, payloads])
    },
    async close() {
      isClosed = true
      const stopped = listening.stop()
      // A client that is still connecting may never get an answer, so its socket is destroyed.
      if (client && stream) await end(client, stream)
      else stream?.destroy()
      await stopped
    },
  }
}
