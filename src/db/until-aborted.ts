import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'

/** Does something with a connection, which is given back afterwards. */
type Provide = <Result>(consumer: (connection: DatabaseConnection) => Promise<Result>) => Promise<Result>

/** The connections that know the process of the server, without which nothing can be cancelled. */
const prepared = new WeakSet<DatabaseConnection>()

/**
 * Executes a query for a caller that may leave. When the signal aborts, the caller gets its reason at once, and the query
 * is cancelled if the database allows it; the connection is given back when both have ended. Kysely does the same with
 * many more promises and listeners, which took a twentieth of the CPU of a small answer.
 *
 * @throws the signal's reason, or what the query has failed with
 */
export function executeUntilAborted<Row>(
  query: CompiledQuery<unknown>,
  { signal, provide, canCancel }: { signal: AbortSignal; provide: Provide; canCancel: boolean },
): Promise<QueryResult<Row>> {
  return new Promise((resolve, reject) => {
    async function execute(connection: DatabaseConnection): Promise<void> {
      if (canCancel && !prepared.has(connection)) {
        await connection.collectSessionInfo?.()
        prepared.add(connection)
      }
      signal.throwIfAborted()
      let cancelled: Promise<void> | undefined
      const abort = () => {
        reject(signal.reason)
        // The query may have ended meanwhile, or the server be away. Nobody waits for it any more.
        if (canCancel) cancelled = connection.cancelQuery?.(provide).catch(() => {})
      }
      signal.addEventListener('abort', abort, { once: true })
      try {
        resolve(await connection.executeQuery<Row>(query))
      } finally {
        signal.removeEventListener('abort', abort)
        await cancelled
      }
    }
    provide(execute).catch(reject)
  })
}
