import { expect } from 'vitest'
import { held, statusChanges, test } from '../support/held-broadcast.ts'

test('a subscriber that joins while an abandoned loop still executes an event hears each event once', async ({
  database,
  feeds,
}) => {
  const { change, join, release, executed } = await held(database, feeds)
  const first = await join()
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(1)
  first.unsubscribe()
  const second = await join()
  await change('OPEN')
  await expect.poll(() => executed.length).toBe(2)
  release()
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(3)
  release()
  await expect.poll(second.heard).toEqual(executed.slice(1))
  expect(first.heard()).toEqual([])
  expect([...first.ended, ...second.ended]).toEqual([])
  second.unsubscribe()
})

test('events that wait for an execution go out in one piece, to each of 600 subscribers once and in order', async ({
  database,
  feeds,
}) => {
  const { change, join, caughtUp, behind, release, executed } = await held(database, feeds)
  const many = await Promise.all(Array.from({ length: 600 }, () => join()))
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(1)
  for (const status of ['OPEN', 'CLOSED', 'OPEN'] as const) await change(status)
  const late = await join()
  await change('CLOSED')
  await caughtUp()
  expect(behind()).toBe(5)
  release()
  await expect.poll(() => executed.length).toBe(5)
  release()
  for (const { heard } of many) await expect.poll(heard).toEqual(executed)
  await expect.poll(late.heard).toEqual(executed.slice(4))
  await expect.poll(behind).toBe(0)
  expect(many[0]?.pieces.map(piece => piece.length)).toEqual([1, 4])
  for (const { unsubscribe } of [...many, late]) unsubscribe()
})

test('a subscriber ahead of the feed delays no later subscriber', async ({ database, hinted }) => {
  const { workspaceId, change, changeUnheard, join, release, executed } = await held(database, hinted)
  const { feed, leave } = await hinted.watch(workspaceId)
  // The second change from here. The feed may be told of it later than a subscriber that reads the log.
  const last = feed.head() + 2
  await changeUnheard('CLOSED')
  const from = (seq: number) =>
    join(hinted.followFrom({ workspaceId, keyId: 'key_test', filter: statusChanges }, seq))
  const beyond = await from(feed.head() + 1)
  const atHead = await from(feed.head())
  await change('OPEN')
  await expect.poll(() => executed.length).toBeGreaterThan(0)
  for (const { heard } of [beyond, atHead])
    await expect
      .poll(() => {
        release()
        return heard().at(-1)
      })
      .toBe(last)
  expect(atHead.heard()).toEqual([last - 1, last])
  expect(beyond.heard()).toEqual([last])
  for (const { unsubscribe } of [beyond, atHead]) unsubscribe()
  leave()
})

test('a subscriber that joins at the head updates a feed that has missed a hint', async ({
  database,
  hinted,
}) => {
  const { workspaceId, changeUnheard, join, caughtUp } = await held(database, hinted)
  const { leave } = await hinted.watch(workspaceId)
  await changeUnheard('CLOSED')
  const { unsubscribe } = await join()
  await caughtUp()
  unsubscribe()
  leave()
})

test('a subscriber that ended with an error hears nothing more when others subscribe again', async ({
  database,
  feeds,
}) => {
  const { change, join, caughtUp, release, executed } = await held(database, feeds)
  const first = await join()
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(1)
  const failure = new Error('The database is away.')
  release(failure)
  await expect.poll(() => first.ended).toEqual([failure])
  const second = await join()
  await change('OPEN')
  await caughtUp()
  await expect.poll(() => executed.length).toBe(2)
  release()
  await expect.poll(second.heard).toEqual(executed.slice(1))
  expect(first.heard()).toEqual([])
  for (const { unsubscribe } of [first, second]) unsubscribe()
})

test('a position never goes back, also when a full socket leaves the loop', async ({ database, feeds }) => {
  const { agentId, change, assign, join, caughtUp, release, executed } = await held(database, feeds)
  const { position, positions, heard, socket, unsubscribe } = await join()
  const begun = position()
  await assign(agentId)
  await caughtUp()
  await expect.poll(position).toBeGreaterThan(begun)
  const before = position()
  socket.full = true
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(1)
  release()
  await expect.poll(heard).toEqual(executed)
  expect(positions.length).toBeGreaterThan(0)
  expect(Math.min(...positions)).toBeGreaterThanOrEqual(before)
  unsubscribe()
})
