import type { PostgresPool, PostgresPoolClient } from 'kysely'
import type pg from 'pg'
import { inFewerRoundTrips, oneByOne, type Send } from './round-trips.ts'
import type { NameOf } from './statement-names.ts'

/**
 * The database is not available now: it restarts, refuses connections or has none left. A later attempt may succeed.
 */
export class Unavailable extends Error {
  constructor(cause: unknown) {
    super('The database is not available.', { cause })
    this.name = 'Unavailable'
  }
}

/** A statement took longer than statements may. Executed again, it probably would again. */
export class TimedOut extends Unavailable {
  constructor(cause: unknown) {
    super(cause)
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

// The errors that do not pass by themselves: their SQLSTATE is not of class 08 (connection), 53 (resources) or 57
// (operator intervention), see https://www.postgresql.org/docs/current/errcodes-appendix.html. The driver's own errors
// have no SQLSTATE. The system's codes are words (EPIPE), while every SQLSTATE has a digit.
const lasting = /^(?!08|53|57)(?=.*\d)[0-9A-Z]{5}$/

/**
 * What a failed statement or connection attempt means: the database's own error, or `Unavailable`. A statement that was
 * cancelled (57014) ran out of time, unless its client has left, who does not read what it means.
 */
function meaning(error: unknown): unknown {
  const code = (error as { code?: unknown } | null)?.code
  if (code === '57014') return new TimedOut(error)
  return typeof code === 'string' && lasting.test(code) ? error : new Unavailable(error)
}

/** The pool as Kysely sees it, with named statements, and with every error of the driver turned into its meaning. */
export function withMeaning(pool: pg.Pool, nameOf: NameOf): PostgresPool {
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect().catch(error => {
        throw meaning(error)
      })
      const guarded = known.get(client) ?? guard(client, nameOf)
      known.set(client, guarded)
      return guarded
    },
  }
}

function guard(client: pg.PoolClient, nameOf: NameOf): PostgresPoolClient {
  // With a callback: what the driver's own promise holds, rows included, survives until the next full collection.
  const send: Send = (text, values, done) => {
    // A statement without parameters, like `begin`, is sent in one message as it is.
    const name = values.length > 0 ? nameOf(text) : undefined
    const query = { text, values: values as unknown[], ...(name === undefined ? {} : { name }) }
    client.query(query, (error, result) => done(error ? meaning(error) : null, result))
  }
  const query = client.pipeline ? inFewerRoundTrips(send) : oneByOne(send)
  return {
    query: query as unknown as PostgresPoolClient['query'],
    release: destroy => client.release(destroy),
  }
}
