import { join } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import { PostgresDialect } from 'kysely'
import pg from 'pg'
import { createTurns } from '../runtime/turns.ts'
import { columnTypes } from './column-types.ts'
import { countChanges } from './count-changes.ts'
import { lockDirectory } from './directory-lock.ts'
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
import { createShares, lendInTurn } from './share.ts'
import { withMeaning } from './unavailable.ts'

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
    types: columnTypes,
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
