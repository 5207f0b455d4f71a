import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { openPostgres } from '../../../src/db/open-postgres.ts'
import { conversationsByIds } from '../../../src/domain/conversation/rows.ts'
import { newPostgresDatabase } from '../../support/databases.ts'

/** How many statements the only connection of a pool has prepared, after a read of different numbers of rows. */
async function preparedAfterReads(namedStatements: boolean): Promise<number> {
  const { db, close } = openPostgres(await newPostgresDatabase(), { poolSize: 1, namedStatements })
  onTestFinished(close)
  for (let count = 1; count <= 20; count++)
    await conversationsByIds(
      db,
      'wrk_x',
      Array.from({ length: count }, (_, index) => `thd_${index}`),
    )
  const { rows } = await sql<{ count: number }>`select count(*) as count from pg_prepared_statements`.execute(
    db,
  )
  return rows[0]?.count ?? Number.NaN
}

test('a connection keeps a statement prepared once, for any number of ids', async () => {
  expect(await preparedAfterReads(true)).toBe(1)
})

test('with PG_NAMED_STATEMENTS=0 a connection keeps none', async () => {
  expect(await preparedAfterReads(false)).toBe(0)
})
