import type { TestProject } from 'vitest/node'
import { distribute } from '../../src/db/citus.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { citusSettings, execute, makeCluster } from './citus/node.ts'
import { createDatabase } from './databases.ts'
import { startPostgres } from './postgres.ts'

/**
 * Starts a PostgreSQL with Citus for the whole run: a cluster of one node, with a migrated and distributed database to
 * clone. `CITUS_BIN` is the folder of its programs.
 */
export default async function setup(project: TestProject) {
  const server = await startPostgres({ binaries: process.env.CITUS_BIN ?? '', settings: citusSettings })
  const postgres = server.url('postgres')
  await createDatabase(postgres, 'template', 'template1')
  await makeCluster(server.url('template'))
  const template = openPostgres(server.url('template'), { statementTimeoutMs: 60_000 })
  await migrate(template.db)
  await distribute(template.db)
  await template.close()
  // A process of Citus is connected to each of its databases, but a database in use cannot be cloned.
  await execute(postgres, [
    'alter database template with allow_connections false',
    "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = 'template'",
  ])
  project.provide('postgres', postgres)
  return () => server.stop()
}
