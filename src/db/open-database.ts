import { Kysely, type LogEvent, type PostgresDialect } from 'kysely'
import type pg from 'pg'
import type { Db, Tables } from './db.ts'
import type { Lend, SharedDatabase } from './share.ts'
import { createStatementNames, type NameOf } from './statement-names.ts'
import { Busy, codeOf, type Reason, Unavailable } from './unavailable.ts'

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

/** How long a request waits for its own statements. On the embedded database, how long it waits for anything. */
export const ownWaitMs = 10_000

/** Counts errors by their reason and code, for `state`. */
export function countErrors(options: OpenOptions) {
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

export const sharing = (lend: Lend, shareOf: SharedDatabase['shareOf']) => ({
  lend,
  shareOf,
  share: shareOf(lend, () => false),
})

export const stateOf = ({ totalCount: size, idleCount: idle, waitingCount: waiting, options }: pg.Pool) => ({
  max: options.max ?? size,
  size,
  idle,
  waiting,
})

/** The error for who waits too long for a turn. */
export const refuseWith = (onUnavailable: (reason: Reason, error: unknown) => void) => (isOwn: boolean) => {
  if (isOwn) return new Busy()
  const error = new Unavailable(new Error('The pool is full.'), 'POOL_FULL')
  onUnavailable(error.reason, error)
  return error
}

export const namesFor = ({ namedStatements = true }: OpenOptions): NameOf =>
  namedStatements ? createStatementNames() : () => undefined

/** The same pool, whose lost connections are told. */
export function listenedTo(pool: pg.Pool, options: OpenOptions): pg.Pool {
  const lost = (error: Error) => options.onLost?.(error)
  // Both are needed: the pool reports idle connections only, and an error event without a listener ends the process.
  pool.on('error', lost)
  pool.on('connect', client => client.on('error', lost))
  return pool
}

export const kyselyOf = (dialect: PostgresDialect, { log }: OpenOptions): Db =>
  new Kysely<Tables>({ dialect, ...(log ? { log } : {}) })
