import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'

/** Does something with a connection, which is given back afterwards. */
type Provide = <Result>(consumer: (connection: DatabaseConnection) => Promise<Result>) => Promise<Result>

/** An error of a query is not one of the connection, so whoever lends it is not told. */
type Outcome<Row> = { result: QueryResult<Row> } | { error: unknown }

/**
 * How long a cancelled query may go on before it is cancelled again. A server ignores a cancellation that overtakes its
 * query: on a busy machine one in 150 did, and the query held its connection until it ran out of time.
 */
const cancelAgainMs = 250

/** The connections that know the process of the server, without which nothing can be cancelled. */
const prepared = new WeakSet<DatabaseConnection>()

/**
 * Executes a query for a caller that may leave. When the signal aborts while it runs, the caller gets its reason at once,
 * and the query is cancelled if the database allows it; the connection is given back when both have ended. Kysely does the
 * same with many more promises and listeners, which took a twentieth of the CPU of a small answer.
 *
 * @throws the signal's reason, what the query has failed with, or why there is no connection
 */
export function executeUntilAborted<Row>(
  query: CompiledQuery<unknown>,
  { signal, provide, canCancel }: { signal: AbortSignal; provide: Provide; canCancel: boolean },
): Promise<QueryResult<Row>> {
  return new Promise((resolve, reject) => {
    async function execute(connection: DatabaseConnection): Promise<Outcome<Row>> {
      let cancelling: Cancelling | undefined
      const abort = () => {
        reject(signal.reason)
        if (canCancel) cancelling = cancelRepeatedly(connection, provide)
      }
      try {
        if (canCancel) await prepare(connection)
        signal.throwIfAborted()
        signal.addEventListener('abort', abort, { once: true })
        return { result: await connection.executeQuery<Row>(query) }
      } catch (error) {
        return { error }
      } finally {
        signal.removeEventListener('abort', abort)
        await cancelling?.end()
      }
    }
    provide(execute).then(
      outcome => ('error' in outcome ? reject(outcome.error) : resolve(outcome.result)),
      reject,
    )
  })
}

async function prepare(connection: DatabaseConnection): Promise<void> {
  if (prepared.has(connection)) return
  await connection.collectSessionInfo?.()
  prepared.add(connection)
}

type Cancelling = {
  /** Called when the query has ended, however it has. Afterwards no cancellation is under way that could end the next one. */
  end(): Promise<void>
}

function cancelRepeatedly(connection: DatabaseConnection, provide: Provide): Cancelling {
  let hasEnded = false
  let timer: NodeJS.Timeout | undefined
  async function cancel(): Promise<void> {
    // The query may have ended meanwhile, or the server be away. Nobody waits for it any more.
    await connection.cancelQuery?.(provide).catch(() => {})
    if (hasEnded) return
    timer = setTimeout(() => {
      underWay = cancel()
    }, cancelAgainMs)
  }
  let underWay = cancel()
  return {
    async end() {
      hasEnded = true
      clearTimeout(timer)
      await underWay
    },
  }
}
