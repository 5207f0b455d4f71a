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

test('a key that joins and leaves again and again costs no payment its place', async () => {
  const quick = createBudget({ limit: 100, windowSeconds: 1, refuse: () => new Error('refused') })
  const sharers = createSharers(quick, left)
  sharers.join('poor')
  await quick.spend('poor', 100)
  let isPaid = false
  const paid = sharers.pay(20, null).then(keyId => {
    isPaid = true
    return keyId
  })
  const others: Promise<void>[] = []
  const gone = new AbortController()
  while (!isPaid) {
    sharers.join('poor')()
    quick.trySpend('toggling', quick.remaining('toggling'))
    sharers.join('toggling')()
    others.push(quick.spendWhenPossible('poor', 50, gone.signal).catch(() => {}))
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  gone.abort()
  await Promise.all(others)
  expect(await paid).toBe('poor')
})

test('of several keys that could pay, one pays once', async () => {
  const budget = events()
  const sharers = createSharers(budget, left)
  const gone = new AbortController()
  for (const keyId of ['one', 'two', 'three']) sharers.join(keyId)
  // In its line somebody waits, so it cannot pay, although it has most left.
  await budget.spend('one', 1)
  const waiting = budget.spendWhenPossible('one', 100, gone.signal)
  await budget.spend('two', 20)
  await budget.spend('three', 30)
  expect(await sharers.pay(50, null)).toBe('two')
  gone.abort(left)
  await expect(waiting).rejects.toBe(left)
  const leftOver = ['one', 'two', 'three'].map(keyId => Math.round(budget.remaining(keyId)))
  expect(leftOver).toEqual([99, 30, 70])
})
