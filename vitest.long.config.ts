import { defineConfig } from 'vitest/config'
import { shared } from './test/support/shared-config.ts'

/** What takes minutes: faults, load and many clients, each on a PostgreSQL of its own. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    maxWorkers: 1,
    testTimeout: 480_000,
    env: { ENGINE: 'postgres' },
    globalSetup: ['test/support/postgres.setup.ts', 'test/support/pglite.setup.ts'],
    include: ['test/long/**/*.long.ts'],
    execArgv: ['--expose-gc'],
  },
})
