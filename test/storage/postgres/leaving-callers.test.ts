import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../support/databases.ts'

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
