import { type PostgresClient, type PostgresClientConstructor, PostgresDialect } from 'kysely'
import pg from 'pg'
import { createTurns } from '../runtime/turns.ts'
import { columnTypes } from './column-types.ts'
import { graceMs } from './deadlines.ts'
import {
  countErrors,
  kyselyOf,
  listenedTo,
  namesFor,
  type OpenDatabase,
  type OpenOptions,
  ownWaitMs,
  refuseWith,
  sharing,
  stateOf,
} from './open-database.ts'
import { createScarcity } from './scarcity.ts'
import { pooledBegin, sessionOf } from './session.ts'
import { createShares, lendInTurn } from './share.ts'
import { withMeaning } from './unavailable.ts'

const defaultPoolSize = 10
const reservedConnections = 3
const defaultPoolWaitMs = 2_000
const defaultStatementTimeoutMs = 2_000
/** A connection over which nothing came for this long is probed by the system, and is lost after ten probes. */
const keepAliveInitialDelayMillis = 10_000

/** Opens the pools to a PostgreSQL server; the first connection is made by the first statement. */
export function openPostgres(url: string, options: OpenOptions = {}): OpenDatabase {
  const { poolSize = defaultPoolSize, poolWaitMs = defaultPoolWaitMs, pooled = false } = options
  const statementTimeoutMs = options.statementTimeoutMs ?? defaultStatementTimeoutMs
  const limits = {
    connectionString: url,
    connectionTimeoutMillis: poolWaitMs,
    keepAlive: true,
    keepAliveInitialDelayMillis,
    types: columnTypes,
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
