import { sql } from 'kysely'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { openPostgres } from '../../../src/db/open-postgres.ts'
import { TimedOut } from '../../../src/db/unavailable.ts'
import { newPostgresDatabase, openDatabase, throughPooler } from '../../support/databases.ts'

const setting = (name: string) => sql<{ value: string }>`select current_setting(${name}) as value`

test('a statement ends at its limit, in a transaction and outside of one', async () => {
  const { db, close } = await openDatabase({ statementTimeoutMs: 300 })
  onTestFinished(close)
  const sleep = sql`select pg_sleep(60)`
  await expect(sleep.execute(db)).rejects.toThrow(TimedOut)
  await expect(db.transaction().execute(writer => sleep.execute(writer))).rejects.toThrow(TimedOut)
})

test('a transaction has what the gateway relies on, whatever the database gives its sessions', async () => {
  const direct = await newPostgresDatabase()
  const operator = new pg.Client(direct)
  await operator.connect()
  const name = /\/(test_\w+)\?/.exec(direct)?.[1]
  await operator.query(`alter database ${name} set datestyle = 'German'`)
  await operator.query(`alter database ${name} set default_transaction_isolation = 'serializable'`)
  await operator.end()
  const { url, pooled } = throughPooler(direct)
  const { db, close } = openPostgres(url, pooled)
  onTestFinished(close)
  const names = ['datestyle', 'transaction_isolation', 'idle_in_transaction_session_timeout']
  for (const run of [db, null]) {
    const read = (through: typeof db) =>
      Promise.all(names.map(async each => (await setting(each).execute(through)).rows[0]?.value))
    const values = run ? await read(run) : await db.transaction().execute(read)
    expect(values).toEqual([expect.stringMatching(/^ISO/), 'read committed', '3s'])
  }
})

test('what one transaction sets does not reach the next one that has its session', async () => {
  const { url, pooled } = throughPooler(await newPostgresDatabase())
  const { db, close } = openPostgres(url, { ...pooled, statementTimeoutMs: 1_234 })
  onTestFinished(close)
  const other = new pg.Client(url)
  await other.connect()
  onTestFinished(() => other.end())
  const sessions = new Set<number>()
  for (let count = 0; count < 30; count++) {
    const own = await sql<{ pid: number; value: string }>`
      select pg_backend_pid() as pid, current_setting('statement_timeout') as value`.execute(db)
    expect(own.rows[0]?.value).toBe('1234ms')
    sessions.add(own.rows[0]?.pid ?? 0)
  }
  const { rows } = await other.query(
    "select pg_backend_pid() as pid, current_setting('statement_timeout') as value",
  )
  expect(sessions).toContain(rows[0].pid)
  expect(rows[0].value).toBe('0')
})

test('consecutive transactions have different sessions', async () => {
  const { db, close } = await openDatabase()
  onTestFinished(close)
  await Promise.all(Array.from({ length: 5 }, () => sql`select pg_sleep(0.2)`.execute(db)))
  const sessions = new Set<number>()
  for (let count = 0; count < 30; count++) {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)
    sessions.add(rows[0]?.pid ?? 0)
  }
  expect(sessions.size).toBeGreaterThan(1)
})
