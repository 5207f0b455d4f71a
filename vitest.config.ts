import { defineConfig } from 'vitest/config'
import { shared } from './test/support/shared-config.ts'

/** The folders whose tests have a database. */
const folders = ['attacks', 'graph', 'live', 'mail', 'process', 'rest', 'storage']

/** What does not depend on the size of the pool: attacks, processes of their own, and deliveries to a mail server. */
const poolIndependent = ['test/attacks/**', 'test/process/**', 'test/mail/outbound/**']

type Engine = 'pglite' | 'postgres'

const project = (name: string, engine: Engine, exclude: string[] = [], env: Record<string, string> = {}) => {
  const other = engine === 'pglite' ? 'postgres' : 'pglite'
  return {
    extends: true as const,
    test: {
      name,
      globalSetup: [`test/support/${engine}.setup.ts`],
      env: { ENGINE: engine, ...env },
      include: folders.map(folder => `test/${folder}/**/*.test.ts`),
      exclude: [`test/*/${other}/**`, ...exclude],
    },
  }
}

/**
 * Tests of `unit` run once, without a database, and those of `browser` once, on PostgreSQL. All others run on the embedded database, on PostgreSQL, and on PostgreSQL
 * with a single connection. A test in a folder `pglite` or `postgres` runs on that engine only.
 */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    maxWorkers: 4,
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
      project('pglite', 'pglite'),
      project('postgres', 'postgres'),
      project('one connection', 'postgres', poolIndependent, { POOL: '1' }),
    ],
  },
})
