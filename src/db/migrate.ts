import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as after } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import { type Migration, type MigrationInfo, Migrator } from 'kysely/migration'
import type { Db, Tables } from './db.ts'
import { requireUtf8 } from './encoding.ts'
import { Unavailable } from './unavailable.ts'

const folder = new URL('../../migrations/', import.meta.url)

/** The ending of a migration that works while the tables are in use, such as one that builds indexes. */
const concurrently = '.concurrently'

/** Identifies the lock of those who migrate, among the advisory locks of a database. */
const lockKey = 7_215_640_913
const triesEveryMs = 250

/**
 * A migration that waits for a lock makes everybody wait who comes after it. So it gives up soon, lets them pass, and tries
 * again for as long as a backup may take.
 */
const lockTimeoutMs = 2_000
const tryAgainAfterMs = 1_000
const giveUpAfterMs = 20 * 60_000

/**
 * Migrates the database to the newest migration and returns the names of those it applied. Several processes may call
 * it at once: one migrates, the others wait and find nothing to do. A process of an older version finds nothing to do
 * either: it serves on the newer schema, as migrations only add.
 *
 * Migrations are applied in one transaction, except those that end with `.concurrently`: their statements run one by one,
 * lock nothing that others wait for, and may run again after a failure.
 *
 * @throws Error for the operator if the database has another encoding than UTF8
 */
export async function migrate(db: Db): Promise<string[]> {
  await requireUtf8(db)
  return db.connection().execute(async connection => {
    // A migration may take long, and so may the wait for another process that migrates.
    await sql`set statement_timeout = 0`.execute(connection)
    await sql`set idle_in_transaction_session_timeout = 0`.execute(connection)
    try {
      // Most starts have nothing to do, and need no lock.
      return (await pending(connection)).length > 0 ? await applyAll(connection) : []
    } finally {
      for (const name of ['lock_timeout', 'idle_in_transaction_session_timeout', 'statement_timeout'])
        await sql`reset ${sql.raw(name)}`.execute(connection)
    }
  })
}

async function applyAll(connection: Kysely<Tables>): Promise<string[]> {
  await lock(connection)
  try {
    const applied: string[] = []
    for (const step of stepsOf(await pending(connection))) applied.push(...(await apply(connection, step)))
    return applied
  } finally {
    await sql`select pg_advisory_unlock(${lockKey})`.execute(connection)
  }
}

/** Tries again and again, as a statement that waits would keep the other process from building an index. */
async function lock(connection: Kysely<Tables>): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ got: boolean }>`select pg_try_advisory_lock(${lockKey}) as got`.execute(
      connection,
    )
    if (rows[0]?.got) return
    await after(triesEveryMs)
  }
}

const pending = async (connection: Kysely<Tables>): Promise<string[]> =>
  (await migrator(connection).getMigrations())
    .filter(({ executedAt }: MigrationInfo) => !executedAt)
    .map(({ name }: MigrationInfo) => name)

/** The last migration of each step: those in between are applied in one transaction with it. */
const stepsOf = (names: readonly string[]): string[] =>
  names.filter(
    (name, index) => name.endsWith(concurrently) || (names[index + 1]?.endsWith(concurrently) ?? true),
  )

/** What works concurrently may wait for others, and makes nobody wait. */
async function apply(connection: Kysely<Tables>, name: string): Promise<string[]> {
  const disableTransactions = name.endsWith(concurrently)
  await sql`set lock_timeout = ${sql.raw(String(disableTransactions ? 0 : lockTimeoutMs))}`.execute(
    connection,
  )
  const begun = performance.now()
  for (;;) {
    const { error, results } = await migrator(connection).migrateTo(name, { disableTransactions })
    if (!error) return (results ?? []).map(result => result.migrationName)
    if (performance.now() - begun > giveUpAfterMs || !isOfLocks(error)) throw error
    await after(tryAgainAfterMs)
  }
}

const isOfLocks = (error: unknown) =>
  error instanceof Unavailable && (error.reason === 'LOCKED' || error.reason === 'CONFLICT')

const migrator = (db: Kysely<Tables>) => new Migrator({ db, provider: { getMigrations } })

async function getMigrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(folder)).filter(file => file.endsWith('.sql')).sort()
  return Object.fromEntries(
    files.map(file => {
      const name = file.slice(0, -'.sql'.length)
      return [name, name.endsWith(concurrently) ? concurrentMigration(file) : migration(file)]
    }),
  )
}

const textOf = (file: string): Promise<string> => readFile(new URL(file, folder), 'utf8')

function migration(file: string): Migration {
  return {
    async up(db) {
      await sql.raw(await textOf(file)).execute(db)
    },
  }
}

/** An index that a failed build has left behind is not valid, and is built anew. */
function concurrentMigration(file: string): Migration {
  return {
    async up(db) {
      const text = await textOf(file)
      const { rows } = await sql<{ name: string }>`
        select relname as name from pg_index join pg_class on pg_class.oid = indexrelid
        where not indisvalid and strpos(${text}, relname) > 0`.execute(db)
      for (const { name } of rows) await sql`drop index concurrently ${sql.ref(name)}`.execute(db)
      for (const statement of text.split(/;\s*\n/)) if (statement.trim()) await sql.raw(statement).execute(db)
    },
  }
}
