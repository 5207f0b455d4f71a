import { sql } from 'kysely'
import pg from 'pg'
import { expect } from 'vitest'
import { migrate } from '../../../src/db/migrate.ts'
import { openPostgres } from '../../../src/db/open-postgres.ts'
import { newPostgresDatabase } from '../../support/databases.ts'
import { test as base } from '../../support/program.ts'

const test = base
  .extend('url', () => newPostgresDatabase())
  .extend('db', async ({ url }, { onCleanup }) => {
    const { db, close } = openPostgres(url, { statementTimeoutMs: 10_000 })
    onCleanup(close)
    return db
  })
  .extend('other', async ({ url }, { onCleanup }) => {
    const client = new pg.Client(url)
    await client.connect()
    onCleanup(() => client.end())
    return client
  })

test('a process of an older version serves on a newer schema', async ({ db }) => {
  await sql`insert into kysely_migration (name, timestamp) values ('9999-of-a-newer-version', '')`.execute(db)
  expect(await migrate(db)).toEqual([])
})

test('a migration behind a backup lets others read and write, and goes on when it has ended', async ({
  db,
  other,
}) => {
  await sql`delete from kysely_migration where name >= '0009'`.execute(db)
  await sql`alter table event drop column traceparent`.execute(db)
  await sql`drop table log_origin, word_segment, word_segment_part, word_segment_bits, word_segment_queue`.execute(
    db,
  )
  await other.query('begin')
  await other.query('lock table event in access share mode')
  const migrating = migrate(db)
  const waits = sql<{ count: number }>`
    select count(*) from pg_locks where not granted and relation = 'event'::regclass`
  await expect.poll(async () => (await waits.execute(db)).rows[0]?.count, { timeout: 30_000 }).toBe(1)
  // It stands behind the migration, which stands behind the backup.
  const read = await sql`select from event limit 1`.execute(db)
  expect(read.rows).toEqual([])
  await other.query('commit')
  expect((await migrating).at(0)).toBe('0009-traces')
})
