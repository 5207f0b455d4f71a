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

test('a statement that is kept prepared returns what it returned before', async () => {
  const { db, close } = openPostgres(await newPostgresDatabase(), { poolSize: 1 })
  onTestFinished(close)
  const rows = (id: number) =>
    sql`select ${id}::int as id, null::text as name, now() - now() as none, ${'Ü'}::text as "isName"`.execute(
      db,
    )
  const before = await rows(1)
  for (let id = 2; id <= 6; id++)
    expect(await rows(id)).toEqual({ ...before, rows: [{ ...(before.rows[0] as object), id }] })

  const changed = (id: string) => sql`update workspace set name = name where id = ${id}`.execute(db)
  for (let time = 0; time < 6; time++)
    expect(await changed('wrk_x')).toMatchObject({ rows: [], numAffectedRows: 0n })

  const divided = (by: number) => sql<{ part: number }>`select 6 / ${by}::int as part`.execute(db)
  for (let time = 0; time < 6; time++) {
    await expect(divided(0)).rejects.toThrow('division by zero')
    expect((await divided(2)).rows).toEqual([{ part: 3 }])
  }
})
