import { getHeapSpaceStatistics } from 'node:v8'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { openPostgres } from '../../../src/db/open-postgres.ts'
import { collectGarbage } from '../../support/collect-garbage.ts'
import { newPostgresDatabase } from '../../support/databases.ts'

const reads = 1_000
const rowsPerRead = 1_000

/** What has survived two collections of the young generation, in bytes. */
const survivedBytes = () =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? Number.NaN

test('rows that nobody refers to any more do not survive', async () => {
  const { db, close } = openPostgres(await newPostgresDatabase(), { poolSize: 1 })
  onTestFinished(close)
  const read = () =>
    sql`select n, 'row ' || n as text from generate_series(1, ${rowsPerRead}::int) as n`.execute(db)
  await read()
  // Then what the process has loaded has survived before, and is not counted.
  collectGarbage()
  const before = survivedBytes()
  // Each row takes about a hundred bytes.
  for (let count = 0; count < reads; count++) await read()
  expect(survivedBytes() - before).toBeLessThan(reads * rowsPerRead * 10)
})
