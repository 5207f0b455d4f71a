import { expect, test } from 'vitest'
import { createPayers } from '../../src/live/payers.ts'
import { createBudget } from '../../src/runtime/budget.ts'

/** What runs out only after an hour, so that nothing comes back while a test runs. */
const events = () => createBudget({ limit: 100, windowSeconds: 360_000, refuse: () => new Error('refused') })

const left = new Error('left')

test('the key that has most left pays', async () => {
  const budget = events()
  const payers = createPayers(budget, left)
  for (const keyId of ['poor', 'rich', 'middle']) payers.join(keyId)
  await budget.spend('poor', 90)
  await budget.spend('middle', 30)
  expect([await payers.pay(40, null), await payers.pay(40, null)]).toEqual(['rich', 'middle'])
})

test('a key that joins pays at once for those who wait, in their order', async () => {
  const budget = events()
  const payers = createPayers(budget, left)
  payers.join('poor')
  await budget.spend('poor', 100)
  const waiting = [payers.pay(50, null), payers.pay(50, null)]
  payers.join('rich')
  expect(await Promise.all(waiting)).toEqual(['rich', 'rich'])
})

test('when the key that would pay leaves, another one does', async () => {
  const budget = events()
  const payers = createPayers(budget, left)
  await budget.spend('poor', 60)
  await budget.spend('poorer', 70)
  const leave = payers.join('poor')
  payers.join('poorer')
  const waiting = payers.pay(50, null)
  leave()
  const { promise, resolve } = Promise.withResolvers<string>()
  void waiting.then(resolve)
  payers.join('rich')
  expect(await promise).toBe('rich')
})

test('nobody pays when all have left', async () => {
  const budget = events()
  const payers = createPayers(budget, left)
  await budget.spend('only', 100)
  const leave = payers.join('only')
  const leaveAgain = payers.join('only')
  expect(payers.count()).toBe(2)
  const waiting = payers.pay(50, null)
  leave()
  leave()
  expect(payers.left.aborted).toBe(false)
  leaveAgain()
  await expect(waiting).rejects.toThrow('left')
  expect(payers.count()).toBe(0)
})

test('what one key catches up on is paid for by that key alone', async () => {
  const budget = events()
  const payers = createPayers(budget, left)
  for (const keyId of ['poor', 'rich']) payers.join(keyId)
  await budget.spend('poor', 60)
  expect(await payers.pay(30, 'poor')).toBe('poor')
  expect([budget.remaining('poor'), budget.remaining('rich')].map(Math.round)).toEqual([10, 100])
})

test('a key that joins and leaves again and again costs no payment its place', async () => {
  const quick = createBudget({ limit: 100, windowSeconds: 1, refuse: () => new Error('refused') })
  const payers = createPayers(quick, left)
  payers.join('poor')
  await quick.spend('poor', 100)
  let isPaid = false
  const paid = payers.pay(20, null).then(keyId => {
    isPaid = true
    return keyId
  })
  const others: Promise<void>[] = []
  const gone = new AbortController()
  while (!isPaid) {
    payers.join('poor')()
    quick.trySpend('toggling', quick.remaining('toggling'))
    payers.join('toggling')()
    others.push(quick.spendWhenPossible('poor', 50, gone.signal).catch(() => {}))
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  gone.abort()
  await Promise.all(others)
  expect(await paid).toBe('poor')
})

test('of several keys that could pay, one pays once', async () => {
  const budget = events()
  const payers = createPayers(budget, left)
  const gone = new AbortController()
  for (const keyId of ['one', 'two', 'three']) payers.join(keyId)
  // In its line somebody waits, so it cannot pay, although it has most left.
  await budget.spend('one', 1)
  const waiting = budget.spendWhenPossible('one', 100, gone.signal)
  await budget.spend('two', 20)
  await budget.spend('three', 30)
  expect(await payers.pay(50, null)).toBe('two')
  gone.abort(left)
  await expect(waiting).rejects.toBe(left)
  const leftOver = ['one', 'two', 'three'].map(keyId => Math.round(budget.remaining(keyId)))
  expect(leftOver).toEqual([99, 30, 70])
})
