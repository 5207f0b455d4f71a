import { readdir, readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type { Db } from './db.ts'

const folder = new URL('../../migrations/', import.meta.url)

/**
 * Migrates the database to the newest migration and returns the names of those it applied. Several processes may call
 * it at once: one migrates, the others wait and find nothing to do.
 */
export async function migrate(db: Db): Promise<string[]> {
  return db.connection().execute(async connection => {
    // A migration may take long, and so may the wait for another process that migrates.
    await sql`set statement_timeout = 0`.execute(connection)
    try {
      const { error, results } = await new Migrator({
        db: connection,
        provider: { getMigrations },
      }).migrateToLatest()
      if (error) throw error
      return (results ?? []).map(result => result.migrationName)
    } finally {
      await sql`reset statement_timeout`.execute(connection)
    }
  })
}

async function getMigrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(folder)).filter(file => file.endsWith('.sql')).sort()
  return Object.fromEntries(files.map(file => [file.slice(0, -'.sql'.length), migration(file)]))
}

function migration(file: string): Migration {
  return {
    async up(db) {
      await sql.raw(await readFile(new URL(file, folder), 'utf8')).execute(db)
    },
  }
}
