/** What every run of tests is configured with. Its bounds only end what hangs: a busy machine keeps them all. */
export const shared = {
  // Vite would give our files graphql's ES module and our dependencies its CommonJS one: two realms, as Node has one.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    pool: 'forks' as const,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 30_000,
    expect: { poll: { timeout: 150_000, interval: 20 } },
  },
}
