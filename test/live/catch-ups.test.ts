import { expect } from 'vitest'
import { held, statusChanges, test } from '../support/held-broadcast.ts'

test('of many catch-ups of one key a few are in work, and the others read nothing meanwhile', async ({
  database,
  forgetful,
}) => {
  const { workspaceId, change, join, release, executed, caughtUp } = await held(database, forgetful)
  const { leave } = await forgetful.watch(workspaceId)
  await change('CLOSED')
  await change('OPEN')
  await caughtUp()
  const before = database.pagesRead.count
  const from = (keyId: string) => join(forgetful.followFrom({ workspaceId, keyId, filter: statusChanges }, 0))
  const many = await Promise.all(Array.from({ length: 40 }, () => from('key_greedy')))
  await expect.poll(() => database.pagesRead.count - before).toBe(4)
  await expect.poll(() => executed.length).toBe(1)
  const other = await from('key_other')
  await expect.poll(() => database.pagesRead.count - before).toBe(5)
  const all = [...many, other]
  await expect
    .poll(() => {
      release()
      return all.filter(({ heard }) => heard().length === 2).length
    })
    .toBe(41)
  for (const { heard } of all) expect(heard()).toEqual([...new Set(executed)])
  for (const { unsubscribe } of all) unsubscribe()
  leave()
})

test('a catch-up whose client does not read leaves its turn to others', async ({ database, forgetful }) => {
  const { workspaceId, change, join, release, executed, caughtUp } = await held(database, forgetful)
  const { leave } = await forgetful.watch(workspaceId)
  await change('CLOSED')
  await caughtUp()
  const from = () => join(forgetful.followFrom({ workspaceId, keyId: 'key_test', filter: statusChanges }, 0))
  const stalled = await Promise.all(Array.from({ length: 4 }, from))
  for (const { socket } of stalled) {
    socket.full = true
    socket.taken = new Promise(() => {})
  }
  await expect.poll(() => executed.length).toBe(1)
  release()
  for (const { heard } of stalled) await expect.poll(heard).toEqual(executed)
  const reading = await from()
  await expect.poll(reading.heard).toEqual(executed)
  for (const { unsubscribe } of [...stalled, reading]) unsubscribe()
  leave()
})

test('a catch-up that ends while it waits for its turn is forgotten at once', async ({
  database,
  forgetful,
}) => {
  const { workspaceId, change, join, release, executed, caughtUp, catchUps } = await held(database, forgetful)
  const { leave } = await forgetful.watch(workspaceId)
  await change('CLOSED')
  await caughtUp()
  const from = () => join(forgetful.followFrom({ workspaceId, keyId: 'key_test', filter: statusChanges }, 0))
  const inWork = await Promise.all(Array.from({ length: 4 }, from))
  await expect.poll(() => executed.length).toBe(1)
  const waiting = await Promise.all(Array.from({ length: 100 }, from))
  await expect.poll(() => catchUps.isWaitedFor('key_test')).toBe(true)
  for (const { unsubscribe } of waiting) unsubscribe()
  expect(catchUps.isWaitedFor('key_test')).toBe(false)
  release()
  for (const { heard, unsubscribe } of inWork) {
    await expect.poll(heard).toEqual(executed)
    unsubscribe()
  }
  for (const { ended } of waiting) expect(ended).toEqual([])
  leave()
})

test('catch-ups whose events take long leave their turns to another one', async ({ database, forgetful }) => {
  const { workspaceId, change, join, release, executed, caughtUp } = await held(database, forgetful)
  const { leave } = await forgetful.watch(workspaceId)
  await change('CLOSED')
  await change('OPEN')
  await caughtUp()
  const before = database.pagesRead.count
  const from = () => join(forgetful.followFrom({ workspaceId, keyId: 'key_test', filter: statusChanges }, 0))
  const slow = await Promise.all(Array.from({ length: 4 }, from))
  await expect.poll(() => executed.length).toBe(1)
  const began = performance.now()
  const waiting = await from()
  await expect.poll(() => performance.now() - began).toBeGreaterThan(10_000)
  expect(database.pagesRead.count - before).toBe(4)
  release()
  // Their second event is held, so another one reads only if they have left their turns.
  await expect.poll(() => database.pagesRead.count - before).toBeGreaterThan(4)
  for (const { unsubscribe } of [...slow, waiting]) unsubscribe()
  release()
  leave()
})
