import pg from 'pg'
import { migrate } from '../../src/db/migrate.ts'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { fillDatabase } from './dataset.ts'

/** Migrates a database and fills it, unless that has been done. */
export async function prepareDatabase(url: string, conversations: number): Promise<void> {
  const database = openPostgres(url)
  await migrate(database.db)
  await database.close()
  await fillDatabase(new pg.Client({ connectionString: url }), conversations)
}
