import type { TestProject } from 'vitest/node'
import { migrate } from '../../src/db/migrate.ts'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { createDatabase } from './databases.ts'
import { startPostgres } from './postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of this run; each test file clones its database `template`. */
    postgres: string
  }
}

/** Starts a PostgreSQL for the whole run, with a migrated database to clone. */
export default async function setup(project: TestProject) {
  const server = await startPostgres()
  const postgres = server.url('postgres')
  await createDatabase(postgres, 'template', 'template1')
  const template = openPostgres(server.url('template'))
  await migrate(template.db)
  await template.close()
  project.provide('postgres', postgres)
  return () => server.stop()
}
