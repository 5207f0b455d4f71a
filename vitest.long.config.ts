import { defineConfig } from 'vitest/config'
import { shared } from './test/support/shared-config.ts'

/** What measures times has the machine for itself. */
const alone = [
  'catch-ups',
  'many',
  'neighbours',
  'page',
  'rolling-update',
  'stalled',
  'update-many',
  'upgrade',
].map(name => `test/long/${name}.long.ts`)

/** @param order when it runs; projects of one order run at once */
const project = (name: string, include: string[], exclude: string[], maxWorkers: number, order: number) => ({
  extends: true as const,
  test: {
    name,
    include,
    exclude,
    maxWorkers,
    sequence: { groupOrder: order },
    testTimeout: 900_000,
    env: { ENGINE: 'postgres' },
    globalSetup: ['test/support/postgres.setup.ts', 'test/support/pglite.setup.ts'],
    execArgv: ['--expose-gc'],
  },
})

/** What takes minutes: faults, load and many clients. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    projects: [
      project('at-once', ['test/long/**/*.long.ts'], alone, 3, 0),
      project('alone', alone, [], 1, 1),
    ],
  },
})
