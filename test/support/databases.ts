import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { inject } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import type { OpenDatabase, OpenOptions } from '../../src/db/open-database.ts'
import { openPGlite } from '../../src/db/open-embedded.ts'
import { openPostgres } from '../../src/db/open-postgres.ts'
import type { PostgresServer } from './postgres.ts'

/** Makes a database that is a copy of another one, to which nobody may be connected. */
export async function createDatabase(server: string, name: string, template: string): Promise<void> {
  const client = new pg.Client(server)
  await client.connect()
  await client.query(`create database "${name}" template "${template}" strategy file_copy`)
  await client.end()
}

/** Executes a statement as the operator of a PostgreSQL, and returns its rows. */
export async function operate(url: string, statement: string) {
  const operator = new pg.Client(url)
  // A server that crashes ends the connection, also between two statements. A statement fails by itself.
  operator.on('error', () => {})
  await operator.connect()
  try {
    return (await operator.query(statement)).rows
  } finally {
    await operator.end()
  }
}

/** A migrated, empty database of the caller's own: of this run's engine. */
export const openDatabase = (options: OpenOptions = {}): Promise<OpenDatabase> =>
  openDatabaseOf(process.env.ENGINE === 'pglite' ? 'pglite' : 'postgres', options)

/** The same of an engine that the caller chooses. The run must have set that engine up. */
export async function openDatabaseOf(
  engine: 'pglite' | 'postgres',
  options: OpenOptions = {},
): Promise<OpenDatabase> {
  if (engine === 'pglite') {
    const loadDataDir = new Blob([readFileSync(inject('snapshot'))])
    return openPGlite(await PGlite.create({ loadDataDir }), options)
  }
  const { url, pooled } = throughPooler(await newPostgresDatabase())
  return openPostgres(url, { ...timeouts, ...pooled, ...options })
}

/** This run's way to a database: through a pooler, or not. */
export function throughPooler(url: string) {
  if (!process.env.POOLER) return { url, pooled: {} }
  const through = inject('pgbouncer').replace(
    '/postgres?',
    url.slice(url.indexOf('/test_'), url.indexOf('?') + 1),
  )
  return { url: through, pooled: { pooled: true, namedStatements: false } }
}

/** A database without any table: of this run's engine. */
export async function openEmptyDatabase(): Promise<OpenDatabase> {
  if (process.env.ENGINE === 'pglite') return openPGlite(await PGlite.create())
  return openPostgres(await newPostgresDatabase('template1'))
}

/** The address of a new database on this run's PostgreSQL: migrated and empty, or a copy of another template. */
export async function newPostgresDatabase(template = 'template'): Promise<string> {
  const server = inject('postgres')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await createDatabase(server, name, template)
  return server.replace('/postgres?', `/${name}?`)
}

/** The address of the database `postgres` of a server, which is migrated now. */
export async function migratedDatabaseOf(server: PostgresServer): Promise<string> {
  const database = openPostgres(server.url('postgres'))
  await migrate(database.db)
  await database.close()
  return server.url('postgres')
}

/** Longer than the gateway's own limits, so that a busy machine keeps them too. */
const timeouts = { poolWaitMs: 10_000, statementTimeoutMs: 10_000 }
