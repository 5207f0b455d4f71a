import { defineConfig } from 'vitest/config'

/** What takes minutes: faults, load and many clients, each on a PostgreSQL of its own. */
export default defineConfig({
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 240_000,
    hookTimeout: 60_000,
    env: { ENGINE: 'postgres' },
    globalSetup: ['test/support/postgres.setup.ts'],
    include: ['test/long/**/*.long.ts'],
    execArgv: ['--expose-gc'],
  },
})
