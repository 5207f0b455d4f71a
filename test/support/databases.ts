import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { inject } from 'vitest'
import { type Connection, type ConnectOptions, connectPGlite, connectPostgres } from '../../src/db/connect.ts'

/** Makes a database that is a copy of another one, to which nobody may be connected. */
export async function createDatabase(server: string, name: string, template: string): Promise<void> {
  const client = new pg.Client(server)
  await client.connect()
  await client.query(`create database "${name}" template "${template}" strategy file_copy`)
  await client.end()
}

/** A migrated, empty database of the caller's own: of this run's engine, with this run's pool size. */
export async function openDatabase(options: ConnectOptions = {}): Promise<Connection> {
  if (process.env.ENGINE === 'pglite') {
    const loadDataDir = new Blob([readFileSync(inject('snapshot'))])
    return connectPGlite(await PGlite.create({ loadDataDir }), options)
  }
  return connectPostgres(await newPostgresDatabase(), { ...options, ...poolOfRun() })
}

/** The address of a migrated, empty database on this run's PostgreSQL. */
export async function newPostgresDatabase(): Promise<string> {
  const server = inject('postgres')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await createDatabase(server, name, 'template')
  return server.replace('/postgres?', `/${name}?`)
}

const poolOfRun = () => (process.env.POOL ? { max: Number(process.env.POOL) } : {})
