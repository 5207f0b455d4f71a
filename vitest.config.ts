import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { program as pgbouncer } from './test/support/pgbouncer.ts'
import { shared } from './test/support/shared-config.ts'

/** The folders whose tests have a database. */
const folders = ['attacks', 'graph', 'live', 'mail', 'process', 'rest', 'storage']

/**
 * What does not depend on the pool: attacks, processes of their own, deliveries to a mail server, tests that open their
 * database themselves, and those that send one statement after the other for a long time, or work outside of the database.
 */
const poolIndependent = [
  'test/attacks/**',
  'test/process/**',
  'test/mail/outbound/**',
  'test/mail/inbound/costly.test.ts',
  'test/graph/compiled.test.ts',
  'test/{graph,rest}/tenancy-walk*.test.ts',
  'test/storage/{paging,search-ways}.test.ts',
  'test/storage/postgres/{faults,migrate,named-statements,round-trips,turkish}.test.ts',
]

/**
 * What runs on PostgreSQL only: attacks on connections, bodies and sockets, and tests that take long. The embedded
 * database executes their statements in the same way.
 */
const engineIndependent = [
  'test/attacks/{bodies,connections,documents,floods,malformed-http,settings,unread-answers,websocket}.test.ts',
  'test/graph/compiled.test.ts',
  'test/mail/inbound/costly.test.ts',
  'test/{graph,rest}/tenancy-walk*.test.ts',
  'test/storage/{paging,search-ways}.test.ts',
]

/** As `.ci/run` installs it. */
if (!existsSync(pgbouncer)) console.warn('There is no PgBouncer: nothing is tested behind a pooler.')

type Engine = 'pglite' | 'postgres'

/** @param exclude what does not run; the tests of the pooler run behind one only */
const project = (
  name: string,
  engine: Engine,
  exclude: string[] = ['test/*/pgbouncer/**'],
  env: Record<string, string> = {},
  globalSetup: string[] = [],
) => {
  const other = engine === 'pglite' ? 'postgres' : 'pglite'
  return {
    extends: true as const,
    test: {
      name,
      globalSetup: [`test/support/${engine}.setup.ts`, ...globalSetup],
      env: { ENGINE: engine, ...env },
      include: folders.map(folder => `test/${folder}/**/*.test.ts`),
      exclude: [`test/*/${other}/**`, 'test/*/citus/**', ...exclude],
    },
  }
}

/** All tests that have a database, on a Citus whose programs are in the folder `CITUS_BIN`. */
const citus = {
  extends: true as const,
  test: {
    name: 'citus',
    globalSetup: ['test/support/citus.setup.ts'],
    env: { ENGINE: 'postgres' },
    include: folders.map(folder => `test/${folder}/**/*.test.ts`),
    exclude: [
      'test/*/{pglite,pgbouncer}/**',
      // They make rows by a trigger, and by a statement that Citus cannot write anew.
      'test/mail/outbound/tried-again.test.ts',
      'test/attacks/many-texts.test.ts',
    ],
  },
}

/**
 * Tests of `unit` run once, without a database, and those of `browser` once, on PostgreSQL. All others run on the embedded
 * database, which has a single connection, on PostgreSQL, and on PostgreSQL through a PgBouncer. A test in a folder
 * `pglite`, `postgres` or `pgbouncer` runs there only.
 */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    maxWorkers: 4,
    // A process runs many files, and imports the gateway once. So a file changes nothing that another one imports.
    isolate: false,
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'browser',
          globalSetup: ['test/support/postgres.setup.ts'],
          include: ['test/browser/**/*.test.ts'],
        },
      },
      project('pglite', 'pglite', ['test/*/pgbouncer/**', ...engineIndependent]),
      project('postgres', 'postgres'),
      ...(existsSync(pgbouncer)
        ? [
            project('pgbouncer', 'postgres', poolIndependent, { POOLER: '1' }, [
              'test/support/pgbouncer.setup.ts',
            ]),
          ]
        : []),
      ...(process.env.CITUS_BIN ? [citus] : []),
    ],
  },
})
