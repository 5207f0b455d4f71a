import type { Duplex } from 'node:stream'
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { holdWrites } from '../runtime/hold-writes.ts'
import { createDeadlines } from './deadlines.ts'
import { PreparedQuery } from './prepared-query.ts'
import { inFewerRoundTrips, oneByOne, type Send } from './round-trips.ts'
import type { Scarcity } from './scarcity.ts'
import type { NameOf } from './statement-names.ts'

/** Why the database is not available, in answers, in the log and in metrics. */
export type Reason =
  | 'UNREACHABLE'
  | 'POOL_FULL'
  | 'TIMED_OUT'
  | 'READ_ONLY'
  | 'CONFLICT'
  | 'LOCKED'
  | 'NO_RESOURCES'
  | 'STOPPING'

/**
 * The database is not available now: it restarts, refuses connections or has none left. A later attempt may succeed.
 */
export class Unavailable extends Error {
  readonly reason: Reason

  constructor(cause: unknown, reason = reasonOf(codeOf(cause))) {
    super('The database is not available.', { cause })
    this.name = 'Unavailable'
    this.reason = reason
  }
}

/** A statement took longer than statements may. Executed again, it probably would again. */
export class TimedOut extends Unavailable {
  constructor(cause: unknown) {
    super(cause, 'TIMED_OUT')
    this.name = 'TimedOut'
  }
}

/** The caller has as many statements or executions in work as it may. A later attempt may succeed. */
export class Busy extends Error {
  constructor() {
    super('The caller has too much in work.')
    this.name = 'Busy'
  }
}

/** The SQLSTATE of an error, or the system's code, which is a word; null: the driver's own errors have none. */
export function codeOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : null
}

/**
 * The errors that pass by themselves, by the beginning of their SQLSTATE
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
const passing: readonly [string, Reason][] = [
  ['08', 'UNREACHABLE'],
  // A standby, or a server that an operator or a full disk has made read-only: another one takes over, or it recovers.
  ['25006', 'READ_ONLY'],
  // The server has ended a transaction whose client was silent, and the connection with it.
  ['25P03', 'UNREACHABLE'],
  // A transaction took longer than the server lets it (transaction_timeout).
  ['25P04', 'TIMED_OUT'],
  ['40', 'CONFLICT'],
  ['53', 'NO_RESOURCES'],
  ['55P03', 'LOCKED'],
  ['57', 'STOPPING'],
  // The disk could not be read or written.
  ['58030', 'NO_RESOURCES'],
]

const isState = /^(?=.*\d)[0-9A-Z]{5}$/

/** null: it does not pass. */
function passingReason(code: string | null): Reason | null {
  if (code === null || !isState.test(code)) return 'UNREACHABLE'
  return passing.find(([start]) => code.startsWith(start))?.[1] ?? null
}

const reasonOf = (code: string | null): Reason => passingReason(code) ?? 'UNREACHABLE'

/**
 * A statement that the connection keeps prepared returns other types since a migration: "cached plan must not change
 * result type". Each further attempt over this connection would fail too. The server tells it by the name of its routine.
 */
const isStale = (error: unknown): boolean =>
  (error as { routine?: unknown } | null)?.routine === 'RevalidateCachedQuery'

/**
 * What a failed statement means: the database's own error, or `Unavailable`. A statement that was cancelled (57014) ran
 * out of time, unless its client has left, who does not read what it means.
 */
export function meaning(error: unknown): unknown {
  const code = codeOf(error)
  if (code === '57014') return new TimedOut(error)
  if (isStale(error)) return new Unavailable(error, 'CONFLICT')
  return passingReason(code) === null ? error : new Unavailable(error)
}

export type MeaningOptions = {
  nameOf: NameOf
  statementTimeoutMs: number
  /** How long a connection is waited for. */
  waitMs: number
  scarcity: Scarcity
  /** What begins each transaction of a pooler; undefined: connections have their session to themselves. */
  begin?: string
  /** Called when the database is not available, with the reason and the error. */
  onUnavailable(reason: Reason, error: unknown): void
  /** Called with the SQLSTATE of each other error of a statement. */
  onFailed(code: string): void
}

/**
 * The pool as Kysely sees it, with named statements, and with every error of the driver turned into its meaning. Whatever
 * keeps a connection from being made may pass: a server that starts refuses keys that it knows.
 */
export function withMeaning(pool: pg.Pool, options: MeaningOptions): PostgresPool {
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await options.scarcity.connect(pool, options.waitMs).catch(error => {
        const unavailable = new Unavailable(error)
        options.onUnavailable(unavailable.reason, error)
        throw unavailable
      })
      const guarded = known.get(client) ?? guard(pool, client, options)
      known.set(client, guarded)
      return guarded
    },
  }
}

/** The socket of a connection. With TLS it is another one before the connection is made. */
const streamOf = (client: pg.ClientBase): Duplex =>
  (client as unknown as { connection: { stream: Duplex } }).connection.stream

/** Ends a connection that nobody answers. What waits for it fails at once. */
export function cutOff(client: pg.ClientBase): void {
  streamOf(client).destroy()
}

function guard(
  pool: pg.Pool,
  client: pg.PoolClient,
  { nameOf, statementTimeoutMs, begin, scarcity, onUnavailable, onFailed }: MeaningOptions,
): PostgresPoolClient {
  const deadlineOf = createDeadlines(statementTimeoutMs)
  // An address or a variable of the environment may have set the driver's own timeout; see `send`.
  const { connectionParameters } = client as unknown as { connectionParameters: { query_timeout: unknown } }
  connectionParameters.query_timeout = false
  // Behind a pooler, another server may prepare the statement anew, with other columns after a migration.
  const Query = begin === undefined ? PreparedQuery : pg.Query
  const told = new WeakSet<Error>()
  /** Why the connection was cut off; null: it was not. The driver would only tell that it has ended. */
  let overdue: Error | null = null

  /** Nothing that is sent behind an overdue statement would be answered either. */
  function endOverdue(): void {
    overdue = new Error('A statement was not answered in time.')
    cutOff(client)
  }

  function meant(error: Error): unknown {
    // Each further attempt over this connection would fail too.
    if (isStale(error)) cutOff(client)
    const means = meaning(error)
    // A lost connection fails everything that was sent over it, with one error.
    const isNew = !told.has(error)
    told.add(error)
    if (isNew && means instanceof Unavailable) onUnavailable(means.reason, error)
    else if (isNew) onFailed(codeOf(error) ?? 'none')
    return means
  }

  // The driver's own promise, and its own timeout, set the callback of a query once more. Then the query survives with its
  // rows until the next full collection (V8 13.6), and copying them took a quarter of the time of a request.
  const send: Send = (text, values, done) => {
    // A statement without parameters, like `begin`, is sent in one message as it is.
    const name = values.length > 0 ? nameOf(text) : undefined
    const deadlineMs = deadlineOf(text, values)
    const ended = (error: Error | null | undefined, result: unknown) => {
      clearTimeout(timer)
      done(error ? meant(overdue ?? error) : null, result)
    }
    if (client.pipeline) holdWrites(streamOf(client))
    // From a text, as the driver copies an object property by property.
    client.query(Object.assign(new Query(text, values as unknown[], ended), { name }))
    const timer = deadlineMs === null ? undefined : setTimeout(endOverdue, deadlineMs)
  }
  const query = client.pipeline ? inFewerRoundTrips(send, begin) : oneByOne(send)
  return {
    query: query as unknown as PostgresPoolClient['query'],
    release: destroy => client.release(destroy || scarcity.isGivenUp(pool)),
  }
}
