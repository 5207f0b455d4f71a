import {
  type AbortableQueryOptions,
  type CompiledQuery,
  type ConnectionProvider,
  type DatabaseConnection,
  DefaultQueryExecutor,
  type Dialect,
  Kysely,
} from 'kysely'
import type { Owner, Turns } from '../runtime/turns.ts'
import type { Db, Tables } from './db.ts'
import type { Reason } from './unavailable.ts'
import { executeUntilAborted } from './until-aborted.ts'

/**
 * The database as one request sees it. Its statements wait for their turn among all requests. When the signal aborts, no
 * further statement begins, and a running one is cancelled if the database allows it. A transaction that has begun goes on
 * to its end. `onStatement` is called with each statement, those that begin and end a transaction aside.
 */
export type Share = (owner: Owner, signal?: AbortSignal, onStatement?: OnStatement) => Db

/**
 * Lends a connection to what `consumer` does with it, when it is the owner's turn.
 * @throws what `consumer` throws, or why there is no connection
 */
export type Lend = <Result>(
  owner: Owner,
  signal: AbortSignal | undefined,
  consumer: (connection: DatabaseConnection) => Promise<Result>,
) => Promise<Result>

/** Whether a statement of an owner that has failed with this error is executed again, as it only reads. */
export type IsReadAgain = (owner: Owner, error: unknown) => boolean

/** Called with the text of a statement, which has no values. What it returns is called when the statement has ended. */
export type OnStatement = (text: string) => ((isFailed: boolean) => void) | undefined

/** The database as the app uses it: a few reserved connections for its own reads, and turns for everything else. */
export type SharedDatabase = {
  /** A few connections that requests do not use: for credentials, probes and feeds. */
  reserved: Db
  /** A connection of its own, so that `whyUnreachable` does not depend on who waits for the others. */
  probe: Db
  share: Share
  /** How `share` comes by its connections. */
  lend: Lend
  /** The same as `share`, with connections that come in another way. */
  shareOf(lend: Lend, isReadAgain: IsReadAgain): Share
  /** What its pools hold now, and how often it was not available since the start. */
  state(): DatabaseState
  /** Counts what may have changed the database; null: other processes may change it too. */
  changes: (() => number) | null
}

export type DatabaseState = {
  /** By the name of the pool: how many connections it may have and has, how many of them are idle, and who waits for one. */
  pools: Readonly<Record<string, { max: number; size: number; idle: number; waiting: number }>>
  /** Who waits for a turn in the pool of requests. */
  waitingForTurns: number
  /** How many have waited for one so far, and for how long all together. */
  waited: { count: number; seconds: number }
  /** By reason, and by the SQLSTATE or the code of the system; null: the driver's own errors have none. */
  unavailable: readonly { reason: Reason; code: string | null; count: number }[]
  /** How many statements failed although the database was available, by the SQLSTATE. */
  failed: Readonly<Record<string, number>>
}

export type ShareOptions = {
  dialect: Dialect
  /** Whether a running statement can be cancelled. */
  canCancel: boolean
}

/** Lends the connections of a pool. There are as many turns as connections, so nothing waits in the pool itself. */
export function lendInTurn(db: Db, turns: Turns): Lend {
  const pool = db.getExecutor()
  return async (owner, signal, consumer) => {
    const end = await turns.take(owner, signal)
    try {
      return await pool.provideConnection(consumer)
    } finally {
      end()
    }
  }
}

/** Makes the shares of requests, whatever lends them their connections. */
export function createShares({ dialect, canCancel }: ShareOptions): SharedDatabase['shareOf'] {
  const driver = dialect.createDriver()
  const [compiler, adapter] = [dialect.createQueryCompiler(), dialect.createAdapter()]

  class SharedExecutor extends DefaultQueryExecutor {
    readonly #signal: AbortSignal | undefined
    readonly #onStatement: OnStatement | undefined
    readonly #isAgain: (error: unknown) => boolean

    constructor(
      connections: ConnectionProvider,
      signal: AbortSignal | undefined,
      onStatement: OnStatement | undefined,
      isAgain: (error: unknown) => boolean,
    ) {
      super(compiler, adapter, connections)
      this.#signal = signal
      this.#onStatement = onStatement
      this.#isAgain = isAgain
    }

    /** A transaction that has begun goes on to its end: the signal is not for its statements. */
    override withConnectionProvider(connections: ConnectionProvider): SharedExecutor {
      return new SharedExecutor(connections, undefined, this.#onStatement, () => false)
    }

    override executeQuery<Row>(query: CompiledQuery<unknown>, options?: AbortableQueryOptions) {
      const ended = this.#onStatement?.(query.sql)
      const signal = this.#signal
      const provide: ConnectionProvider['provideConnection'] = consumer => this.provideConnection(consumer)
      const execute = () =>
        signal && !options?.signal
          ? executeUntilAborted<Row>(query, { signal, canCancel, provide })
          : super.executeQuery<Row>(query, options)
      const result = execute().catch(error => {
        if (this.#isAgain(error)) return execute()
        throw error
      })
      if (ended)
        result.then(
          () => ended(false),
          () => ended(true),
        )
      return result
    }
  }

  return (lend, isReadAgain) => (owner, signal, onStatement) => {
    const executor = new SharedExecutor(
      { provideConnection: consumer => lend(owner, signal, consumer) },
      signal,
      onStatement,
      error => isReadAgain(owner, error),
    )
    return new Kysely<Tables>({ config: { dialect }, dialect, driver, executor })
  }
}
