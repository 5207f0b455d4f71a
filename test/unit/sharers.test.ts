import { expect, test } from 'vitest'
import { createSharers } from '../../src/live/sharers.ts'
import { createBudget } from '../../src/runtime/budget.ts'

/** What runs out only after an hour, so that nothing comes back while a test runs. */
const events = () => createBudget({ limit: 100, windowSeconds: 360_000, refuse: () => new Error('refused') })

const left = new Error('left')

test('the key that has most left pays', async () => {
  const budget = events()
  const sharers = createSharers(budget, left)
  for (const keyId of ['poor', 'rich', 'middle']) sharers.join(keyId)
  await budget.spend('poor', 90)
  await budget.spend('middle', 30)
  expect([await sharers.pay(40, null), await sharers.pay(40, null)]).toEqual(['rich', 'middle'])
})

test('a key that joins pays at once for those who wait, in their order', async () => {
  const budget = events()
  const sharers = createSharers(budget, left)
  sharers.join('poor')
  await budget.spend('poor', 100)
  const waiting = [sharers.pay(50, null), sharers.pay(50, null)]
  sharers.join('rich')
  expect(await Promise.all(waiting)).toEqual(['rich', 'rich'])
})

test('when the key that would pay leaves, another one does', async () => {
  const budget = events()
  const sharers = createSharers(budget, left)
  await budget.spend('poor', 60)
  await budget.spend('poorer', 70)
  const leave = sharers.join('poor')
  sharers.join('poorer')
  const waiting = sharers.pay(50, null)
  leave()
  const { promise, resolve } = Promise.withResolvers<string>()
  void waiting.then(resolve)
  sharers.join('rich')
  expect(await promise).toBe('rich')
})

test('nobody pays when all have left', async () => {
  const budget = events()
  const sharers = createSharers(budget, left)
  await budget.spend('only', 100)
  const leave = sharers.join('only')
  const leaveAgain = sharers.join('only')
  expect(sharers.count()).toBe(2)
  const waiting = sharers.pay(50, null)
  leave()
  leave()
  expect(sharers.left.aborted).toBe(false)
  leaveAgain()
  await expect(waiting).rejects.toThrow('left')
  expect(sharers.count()).toBe(0)
})

test('what one key replays is paid for by that key alone', async () => {
  const budget = events()
  const sharers = createSharers(budget, left)
  for (const keyId of ['poor', 'rich']) sharers.join(keyId)
  await budget.spend('poor', 60)
  expect(await sharers.pay(30, 'poor')).toBe('poor')
  expect([budget.remaining('poor'), budget.remaining('rich')].map(Math.round)).toEqual([10, 100])
})
