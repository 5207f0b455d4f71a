import { join } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import {
  Kysely,
  type LogEvent,
  type PostgresClient,
  type PostgresClientConstructor,
  PostgresDialect,
} from 'kysely'
import pg from 'pg'
import { createTurns } from '../runtime/turns.ts'
import { countChanges } from './count-changes.ts'
import type { Db, Tables } from './db.ts'
import { graceMs } from './deadlines.ts'
import { lockDirectory } from './directory-lock.ts'
import { createScarcity } from './scarcity.ts'
import { pooledBegin, sessionOf } from './session.ts'
import { createShares, type Lend, lendInTurn, type SharedDatabase } from './share.ts'
import { createStatementNames, type NameOf } from './statement-names.ts'
import { Busy, codeOf, type Reason, Unavailable, withMeaning } from './unavailable.ts'

/** An open database. `close` ends its pools, then the database behind them. */
export type OpenDatabase = SharedDatabase & {
  /** The whole database, without turns: for set-up. */
  db: Db
  engine: 'postgres' | 'pglite'
  close(): Promise<void>
}

export type OpenOptions = {
  /** The most connections in the pool for requests. The embedded database always has one. */
  poolSize?: number
  /** How long a request waits for a connection, in milliseconds. */
  poolWaitMs?: number
  /** How long a statement may run, in milliseconds. The embedded database ignores it. */
  statementTimeoutMs?: number
  /** Whether connections keep statements prepared. Default: true. */
  namedStatements?: boolean
  /** Whether a pooler in transaction mode is in between, which lends each transaction another session. Default: false. */
  pooled?: boolean
  /** Called for each statement of `share` and `reserved` after it has ended. */
  log?(event: LogEvent): void
  /** Called when a statement or a connection fails in a way that passes: with the reason and the error. */
  onUnavailable?(reason: Reason, error: unknown): void
  /** Called when a connection is lost. The pool makes a new one; statements on the lost one fail with `Unavailable`. */
  onLost?(error: Error): void
}

const defaultPoolSize = 10
const reservedConnections = 3
const defaultPoolWaitMs = 2_000
const defaultStatementTimeoutMs = 2_000
/** A connection over which nothing came for this long is probed by the system, and is lost after ten probes. */
const keepAliveInitialDelayMillis = 10_000
/** How long a request waits for its own statements. On the embedded database, how long it waits for anything. */
const ownWaitMs = 10_000

const { INT8, TIMESTAMPTZ } = pg.types.builtins
const otherTime = pg.types.getTypeParser(TIMESTAMPTZ)

/** A time in UTC, as a session writes it by default, is read by the engine itself: several times as fast. */
const toTime = (text: string): unknown => {
  const time = text.endsWith('+00') ? new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`) : null
  return time && !Number.isNaN(time.getTime()) ? time : otherTime(text)
}

const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    // Sequence numbers and counts stay below 2^53.
    if (oid === INT8) return Number
    return oid === TIMESTAMPTZ && format !== 'binary' ? toTime : pg.types.getTypeParser(oid, format)
  }) as typeof pg.types.getTypeParser,
}

/** Opens the pools to a PostgreSQL server; the first connection is made by the first statement. */
export function openPostgres(url: string, options: OpenOptions = {}): OpenDatabase {
  const { poolSize = defaultPoolSize, poolWaitMs = defaultPoolWaitMs, pooled = false } = options
  const statementTimeoutMs = options.statementTimeoutMs ?? defaultStatementTimeoutMs
  const limits = {
    connectionString: url,
    connectionTimeoutMillis: poolWaitMs,
    keepAlive: true,
    keepAliveInitialDelayMillis,
    types,
    // What begins each transaction goes out with its first statement.
    ...(pooled ? { pipeline: true } : sessionOf({ statementTimeoutMs, waitMs: poolWaitMs })),
  }
  const reservedPool = listenedTo(new pg.Pool({ ...limits, max: reservedConnections }), options)
  const probePool = listenedTo(new pg.Pool({ ...limits, max: 1 }), options)
  const pool = listenedTo(new pg.Pool({ ...limits, max: poolSize, pipeline: true }), options)
  const { counts, onUnavailable, onFailed } = countErrors(options)
  const meaning = {
    nameOf: namesFor(options),
    statementTimeoutMs,
    waitMs: poolWaitMs,
    onUnavailable,
    onFailed,
    scarcity: createScarcity([reservedPool, probePool, pool]),
    ...(pooled ? { begin: pooledBegin({ statementTimeoutMs }) } : {}),
  }
  const dialect = new PostgresDialect({
    pool: withMeaning(pool, meaning),
    controlClient: cancelsThrough(reservedPool, statementTimeoutMs + graceMs),
  })
  const requests = kyselyOf(dialect, options)
  const reserved = kyselyOf(new PostgresDialect({ pool: withMeaning(reservedPool, meaning) }), options)
  const refuse = refuseWith(onUnavailable)
  const turns = createTurns({ slots: poolSize, waitMs: poolWaitMs, ownWaitMs, refuse })
  return {
    db: kyselyOf(dialect, {}),
    reserved,
    probe: kyselyOf(new PostgresDialect({ pool: withMeaning(probePool, meaning) }), {}),
    // Behind a pooler the server of a connection changes, so another client's statement would be cancelled.
    ...sharing(lendInTurn(requests, turns), createShares({ dialect, canCancel: !pooled })),
    state: () => ({
      pools: { requests: stateOf(pool), reserved: stateOf(reservedPool), probe: stateOf(probePool) },
      waitingForTurns: turns.waiting(),
      waited: turns.waited(),
      ...counts(),
    }),
    changes: null,
    engine: 'postgres',
    close: async () => void (await Promise.all([pool, reservedPool, probePool].map(each => each.end()))),
  }
}

/**
 * Opens the embedded database in a directory, for this process alone.
 *
 * @throws Error for the operator when another process has it open
 */
export async function openEmbedded(directory: string, options: OpenOptions = {}): Promise<OpenDatabase> {
  const unlock = lockDirectory(directory)
  try {
    const { PGlite } = await import('@electric-sql/pglite')
    const database = await openPGlite(await PGlite.create(join(directory, 'pg')), options)
    return { ...database, close: () => database.close().finally(unlock) }
  } catch (error) {
    unlock()
    throw error
  }
}

/** Puts a pool of one connection in front of an open PGlite, and closes both together. */
export async function openPGlite(lite: PGlite, options: OpenOptions = {}): Promise<OpenDatabase> {
  const { createPgConfig } = await import('@electric-sql/pglite/node-postgres')
  const pool = new pg.Pool({
    ...(createPgConfig(lite) as pg.PoolConfig),
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: ownWaitMs,
    types,
    // PGlite has a single session. A client that is discarded inside a transaction would leave it open for the next, and
    // its statements prepared.
    onConnect: async client => {
      await client.query('rollback')
      await client.query('deallocate all')
    },
  })
  const { counts, onUnavailable, onFailed } = countErrors(options)
  // It has no statement_timeout, and no network that could swallow an answer.
  const meaning = {
    nameOf: namesFor(options),
    statementTimeoutMs: 0,
    waitMs: ownWaitMs,
    scarcity: createScarcity([pool]),
    onUnavailable,
    onFailed,
  }
  const counted = countChanges(withMeaning(listenedTo(pool, options), meaning))
  const dialect = new PostgresDialect({ pool: counted.pool })
  const requests = kyselyOf(dialect, options)
  const refuse = refuseWith(onUnavailable)
  const turns = createTurns({ slots: 1, waitMs: ownWaitMs, ownWaitMs, refuse })
  return {
    db: kyselyOf(dialect, {}),
    reserved: requests,
    probe: requests,
    ...sharing(lendInTurn(requests, turns), createShares({ dialect, canCancel: false })),
    state: () => ({
      pools: { requests: stateOf(pool) },
      waitingForTurns: turns.waiting(),
      waited: turns.waited(),
      ...counts(),
    }),
    changes: counted.changes,
    engine: 'pglite',
    close: () => pool.end().finally(() => lite.close()),
  }
}

function countErrors(options: OpenOptions) {
  const counted = new Map<string, { reason: Reason; code: string | null; count: number }>()
  const failed = new Map<string, number>()
  return {
    counts: () => ({ unavailable: [...counted.values()], failed: Object.fromEntries(failed) }),
    onFailed: (code: string) => void failed.set(code, (failed.get(code) ?? 0) + 1),
    onUnavailable(reason: Reason, error: unknown) {
      const code = codeOf(error)
      const found = counted.get(`${reason} ${code}`) ?? { reason, code, count: 0 }
      counted.set(`${reason} ${code}`, { ...found, count: found.count + 1 })
      options.onUnavailable?.(reason, error)
    },
  }
}

const sharing = (lend: Lend, shareOf: SharedDatabase['shareOf']) => ({
  lend,
  shareOf,
  share: shareOf(lend, () => false),
})

const stateOf = ({ totalCount: size, idleCount: idle, waitingCount: waiting, options }: pg.Pool) => ({
  max: options.max ?? size,
  size,
  idle,
  waiting,
})

const refuseWith = (onUnavailable: (reason: Reason, error: unknown) => void) => (isOwn: boolean) => {
  if (isOwn) return new Busy()
  const error = new Unavailable(new Error('The pool is full.'), 'POOL_FULL')
  onUnavailable(error.reason, error)
  return error
}

const namesFor = ({ namedStatements = true }: OpenOptions): NameOf =>
  namedStatements ? createStatementNames() : () => undefined

function listenedTo(pool: pg.Pool, options: OpenOptions): pg.Pool {
  const lost = (error: Error) => options.onLost?.(error)
  // Both are needed: the pool reports idle connections only, and an error event without a listener ends the process.
  pool.on('error', lost)
  pool.on('connect', client => client.on('error', lost))
  return pool
}

/** Kysely cancels a statement with a client of its own. This one uses a connection that is open already. */
const cancelsThrough = (pool: pg.Pool, deadlineMs: number): PostgresClientConstructor =>
  class implements PostgresClient {
    async connect() {
      return this
    }
    /** Without a deadline, the connection would wait for ever when the network swallows the answer. */
    query = ((text: string, values: unknown[]) =>
      pool.query({
        text,
        values,
        query_timeout: deadlineMs,
      } as pg.QueryConfig)) as unknown as PostgresClient['query']
    async end() {}
  }

const kyselyOf = (dialect: PostgresDialect, { log }: OpenOptions): Db =>
  new Kysely<Tables>({ dialect, ...(log ? { log } : {}) })
