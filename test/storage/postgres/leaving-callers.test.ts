import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { openPostgres } from '../../../src/db/open-postgres.ts'
import { newPostgresDatabase, openDatabase } from '../../support/databases.ts'
import { startSilentProxy } from '../../support/silent-proxy.ts'

const owner = { workspaceId: 'wrk_x', keyId: 'key_x' }
const one = sql<{ one: number }>`select 1 as one`

test('a caller that leaves while its statement runs gets its reason, and its connection comes back', async () => {
  const { share, state, close } = await openDatabase({ poolSize: 1 })
  onTestFinished(close)
  for (let time = 0; time < 3; time++) {
    const leaving = new AbortController()
    const running = sql`select pg_sleep(0.2)`.execute(share(owner, leaving.signal))
    await expect.poll(() => state().pools.requests?.idle).toBe(0)
    leaving.abort('tired')
    await expect(running).rejects.toBe('tired')
  }
  expect((await one.execute(share(owner, new AbortController().signal))).rows).toEqual([{ one: 1 }])
  expect(state().unavailable.filter(({ reason }) => reason !== 'TIMED_OUT')).toEqual([])
})

test('a statement that its cancellation has overtaken is cancelled again', async () => {
  const proxy = await startSilentProxy(await newPostgresDatabase())
  const { share, state, close } = openPostgres(proxy.url, { statementTimeoutMs: 120_000 })
  onTestFinished(async () => {
    await proxy.close()
    await close()
  })
  await one.execute(share(owner, new AbortController().signal))
  const release = proxy.hold()
  const leaving = new AbortController()
  const running = sql`select pg_sleep(100)`.execute(share(owner, leaving.signal))
  await expect.poll(() => state().pools.requests?.idle).toBe(0)
  leaving.abort('tired')
  await expect(running).rejects.toBe('tired')
  // The cancellation needs a connection, which is idle when it has been answered.
  await expect.poll(() => state().pools.reserved?.idle).toBe(1)
  release()
  await expect.poll(() => state().pools.requests?.idle, { timeout: 20_000 }).toBe(1)
})
