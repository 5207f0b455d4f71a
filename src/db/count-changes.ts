import type { PostgresPool, PostgresPoolClient } from 'kysely'

/** A pool whose statements are counted, and how many of them may have changed the database. */
export type CountedPool = { pool: PostgresPool; changes(): number }

/**
 * Statements that change nothing. Any other counts as a change. A commit makes no new one: nobody else can read while a
 * transaction has the only session.
 */
const isRead = /^\s*(select|begin|start transaction|commit|rollback|set|show)\b/i

/**
 * Counts the statements that may change a database of a single process. One is counted when it has ended, before its caller
 * knows: a caller who knows of a change finds it counted. One that gives no row has changed none: statements whose
 * subqueries write return what they have written.
 */
export function countChanges(pool: PostgresPool): CountedPool {
  const known = new WeakMap<PostgresPoolClient, PostgresPoolClient>()
  let changes = 0

  const counted = ({ query, release }: PostgresPoolClient): PostgresPoolClient => ({
    query: (async (text: string, values: readonly unknown[]) => {
      if (isRead.test(text)) return query(text, values)
      let rowCount: number | null = null
      try {
        const result = await query<unknown>(text, values)
        rowCount = result.rowCount
        return result
      } finally {
        if (rowCount !== 0) changes++
      }
    }) as typeof query,
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
