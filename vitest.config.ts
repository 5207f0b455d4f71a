import { defineConfig } from 'vitest/config'

const include = ['test/**/*.test.ts']
const pgliteOnly = 'test/**/*.pglite.test.ts'
const postgresOnly = 'test/**/*.postgres.test.ts'
// Those that start processes of their own, which know nothing of the size of our pool.
const processes = 'test/process.*.test.ts'

const project = (name: string, globalSetup: string, env: Record<string, string>, exclude: string[]) => ({
  extends: true as const,
  test: { name, globalSetup: [globalSetup], env, include, exclude },
})

/** The same suite on the embedded database, on PostgreSQL, and on PostgreSQL with a single connection. */
export default defineConfig({
  // Vite would give our files graphql's ES module and our dependencies its CommonJS one: two realms, as Node has one.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      project('pglite', 'test/support/pglite.setup.ts', { ENGINE: 'pglite' }, [postgresOnly]),
      project('postgres', 'test/support/postgres.setup.ts', { ENGINE: 'postgres' }, [pgliteOnly]),
      project('one connection', 'test/support/postgres.setup.ts', { ENGINE: 'postgres', POOL: '1' }, [
        pgliteOnly,
        processes,
      ]),
    ],
  },
})
