import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import type { OpenDatabase } from '../../src/db/open-database.ts'
import { openDatabase } from '../support/databases.ts'

const owner = { workspaceId: 'wrk_x', keyId: 'key_x' }
const one = sql<{ one: number }>`select 1 as one`

async function opened(): Promise<OpenDatabase> {
  const database = await openDatabase({ poolSize: 1 })
  onTestFinished(database.close)
  return database
}

test('the statements of a request wait for no turn of its own', async () => {
  const { share, state } = await opened()
  const db = share(owner, new AbortController().signal)
  for (let time = 0; time < 10; time++) expect((await one.execute(db)).rows).toEqual([{ one: 1 }])
  expect(state()).toMatchObject({ waited: { count: 0 }, waitingForTurns: 0 })
})

test('a caller that has left before its statement, or while it waits, gets its reason', async () => {
  const { share } = await opened()
  const left = AbortSignal.abort('left')
  await expect(one.execute(share(owner, left))).rejects.toBe('left')

  const leaving = new AbortController()
  const running = one.execute(share(owner, new AbortController().signal))
  const waiting = one.execute(share(owner, leaving.signal))
  leaving.abort('tired')
  await expect(waiting).rejects.toBe('tired')
  expect((await running).rows).toEqual([{ one: 1 }])
})

test('an error of a statement is its caller’s, and the next one is served', async () => {
  const { share } = await opened()
  const db = share(owner, new AbortController().signal)
  await expect(sql`select 1 / 0`.execute(db)).rejects.toMatchObject({ code: '22012' })
  expect((await one.execute(db)).rows).toEqual([{ one: 1 }])
})
