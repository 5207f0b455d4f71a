import { join } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import { Kysely, type LogEvent, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Db, Tables } from './db.ts'
import { lockDirectory } from './lock.ts'
import { withMeaning } from './unavailable.ts'

/** An open database. `close` ends the pool, then what stands behind it. */
export type Connection = { db: Db; engine: 'postgres' | 'pglite'; close(): Promise<void> }

export type ConnectOptions = {
  /** Connections in the pool; the embedded database always has one. */
  max?: number
  /** Called for each statement, after it ended. */
  log?(event: LogEvent): void
  /** Called when a connection is lost. The pool makes a new one; whoever used the lost one got `Unavailable`. */
  onLost?(error: Error): void
}

const connectionTimeoutMillis = 5_000
const statement_timeout = 10_000

// Sequence numbers and counts stay below 2^53, so bigint (type 20) is a number everywhere.
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === 20 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

/** Opens the pool to a PostgreSQL server; the first connection is made by the first statement. */
export function connectPostgres(url: string, options: ConnectOptions = {}): Connection {
  const max = options.max ?? 10
  const pool = new pg.Pool({ connectionString: url, max, connectionTimeoutMillis, statement_timeout, types })
  const db = open(pool, options)
  return { db, engine: 'postgres', close: () => db.destroy() }
}

/**
 * Opens the embedded database in a directory, for this process alone.
 *
 * @throws Error in words for the operator when another process has it open.
 */
export async function connectEmbedded(directory: string, options: ConnectOptions = {}): Promise<Connection> {
  const unlock = lockDirectory(directory)
  try {
    const { PGlite } = await import('@electric-sql/pglite')
    const connection = await connectPGlite(await PGlite.create(join(directory, 'pg')), options)
    return { ...connection, close: () => connection.close().finally(unlock) }
  } catch (error) {
    unlock()
    throw error
  }
}

/** Puts a pool of one connection in front of an open PGlite, and closes both together. */
export async function connectPGlite(lite: PGlite, options: ConnectOptions = {}): Promise<Connection> {
  const { createPgConfig } = await import('@electric-sql/pglite/node-postgres')
  const pool = new pg.Pool({
    ...(createPgConfig(lite) as pg.PoolConfig),
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis,
    types,
    // PGlite has one session for ever: a client thrown away inside a transaction would leave it open for the next.
    onConnect: async client => {
      await client.query('rollback')
    },
  })
  const db = open(pool, options)
  return { db, engine: 'pglite', close: () => db.destroy().finally(() => lite.close()) }
}

function open(pool: pg.Pool, options: ConnectOptions): Db {
  const lost = (error: Error) => options.onLost?.(error)
  // Both are needed: the pool speaks for idle connections only, and an error event that nobody hears ends the process.
  pool.on('error', lost)
  pool.on('connect', client => client.on('error', lost))
  return new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: withMeaning(pool) }),
    ...(options.log ? { log: options.log } : {}),
  })
}
