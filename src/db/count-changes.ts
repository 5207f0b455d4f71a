import type { PostgresPool, PostgresPoolClient } from 'kysely'

/** A pool whose statements are counted, and how many of them may have changed the database. */
export type CountedPool = { pool: PostgresPool; changes(): number }

/** Statements that change nothing. A statement that is not known counts as a change. */
const isRead = /^\s*(select|begin|start transaction|rollback|set|show)\b/i

/**
 * Counts the statements that may change a database of a single process. One is counted when it has ended, before its caller
 * knows: who knows of a change finds it counted.
 */
export function countChanges(pool: PostgresPool): CountedPool {
  const known = new WeakMap<PostgresPoolClient, PostgresPoolClient>()
  let changes = 0

  const counted = ({ query, release }: PostgresPoolClient): PostgresPoolClient => ({
    query: ((text: string, values: readonly unknown[]) =>
      isRead.test(text) ? query(text, values) : query(text, values).finally(() => changes++)) as typeof query,
    release,
  })

  return {
    changes: () => changes,
    pool: {
      ...pool,
      async connect() {
        const client = await pool.connect()
        const wrapped = known.get(client) ?? counted(client)
        known.set(client, wrapped)
        return wrapped
      },
    },
  }
}
