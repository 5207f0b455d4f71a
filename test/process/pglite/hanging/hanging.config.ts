import { defineConfig } from 'vitest/config'
import { shared } from '../../../support/shared-config.ts'

/** A run of one test that never ends by itself. */
export default defineConfig({
  ...shared,
  test: { ...shared.test, testTimeout: 1_000, include: ['test/process/pglite/hanging/never-ends.ts'] },
})
