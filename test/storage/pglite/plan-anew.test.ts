import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { planAnew } from '../../../src/db/plan-anew.ts'
import { openDatabase } from '../../support/databases.ts'

test('the embedded database plans a statement anew when its table has grown', async () => {
  const { db, changes, close } = await openDatabase()
  onTestFinished(close)
  if (!changes) throw new Error('This is not the embedded database.')
  await sql`create table note (kind int, at int)`.execute(db)
  await sql`create index note_order on note (kind, at)`.execute(db)
  await sql`insert into note select 1, n from generate_series(1, 3) n`.execute(db)
  await sql`analyze note`.execute(db)
  await sql`prepare newest(int) as select at from note where kind = $1 order by at desc limit 3`.execute(db)
  const plan = async () => {
    const { rows } = await sql<{ 'QUERY PLAN': string }>`explain (costs off) execute newest(1)`.execute(db)
    return rows.map(row => row['QUERY PLAN']).join('\n')
  }
  for (let round = 0; round < 6; round++) await sql`execute newest(1)`.execute(db)
  await sql`insert into note select 1, n from generate_series(1, 50000) n`.execute(db)
  expect(await plan()).toMatch(/Sort/)
  const plans = planAnew(db, changes, { everyMs: 10, onError: expect.unreachable })
  onTestFinished(plans.close)
  await sql`insert into note values (1, 0)`.execute(db)
  await expect.poll(plan).toMatch(/Index/)
  expect(await plan()).not.toMatch(/Sort/)
})
