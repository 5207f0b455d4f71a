import { defineConfig } from 'vitest/config'

const include = ['test/*.test.ts']
const pgliteOnly = 'test/**/*.pglite.test.ts'
const postgresOnly = 'test/**/*.postgres.test.ts'
// What no database has a part in runs once.
const pure = ['mail-reading', 'contract', 'rooms', 'config', 'preview'].map(name => `test/${name}.test.ts`)
// Those that start processes of their own, which know nothing of the size of our pool.
const processes = 'test/process.*.test.ts'
// What goes on between the gateway and a mail server, which takes the same statements as everything else.
const outside = 'test/mail.test.ts'

const project = (
  name: string,
  engine: 'pglite' | 'postgres',
  env: Record<string, string>,
  exclude: string[],
) => ({
  extends: true as const,
  test: {
    name,
    globalSetup: [`test/support/${engine}.setup.ts`],
    env: { ENGINE: engine, ...env },
    include,
    exclude,
  },
})

/** The same suite on the embedded database, on PostgreSQL, and on PostgreSQL with a single connection. */
export default defineConfig({
  // Vite would give our files graphql's ES module and our dependencies its CommonJS one: two realms, as Node has one.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    pool: 'forks',
    maxWorkers: 4,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      project('pglite', 'pglite', {}, [postgresOnly]),
      project('postgres', 'postgres', {}, [pgliteOnly, ...pure]),
      project('one connection', 'postgres', { POOL: '1' }, [pgliteOnly, processes, outside, ...pure]),
    ],
  },
})
