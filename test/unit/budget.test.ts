import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBudget } from '../../src/runtime/budget.ts'

/** 100 points, of which one comes back each 36 s, or faster. */
const budget = (windowSeconds = 3_600) =>
  createBudget({ limit: 100, windowSeconds, refuse: waitSeconds => new Error(`wait ${waitSeconds}`) })

test('an aborted wait rejects at once, anywhere in the line', async () => {
  const spent = budget()
  await spent.spend('one', 100)
  const [gone, first] = [new AbortController(), new AbortController()]
  const ahead = spent.spendWhenPossible('one', 90, first.signal)
  const behind = spent.spendWhenPossible('one', 90, gone.signal)
  gone.abort(new Error('gone'))
  await expect(behind).rejects.toThrow('gone')
  first.abort(new Error('first gone'))
  await expect(ahead).rejects.toThrow('first gone')
})

test('those who wait spend in their order, and one that needs less goes on when one ahead leaves', async () => {
  const spent = budget()
  await spent.spend('one', 80)
  const gone = new AbortController()
  const order: string[] = []
  const large = spent.spendWhenPossible('one', 90, gone.signal).catch(() => order.push('gone'))
  const small = spent.spendWhenPossible('one', 10, undefined).then(() => order.push('small'))
  await nextTurn()
  expect(order).toEqual([])
  expect(spent.trySpend('one', 1)).toBe(false)
  gone.abort()
  await Promise.all([large, small])
  expect(order).toEqual(['gone', 'small'])
  expect(spent.trySpend('one', 1)).toBe(true)
})

test('those who wait are served when enough has come back', async () => {
  const spent = budget(1)
  await spent.spend('one', 100)
  const began = performance.now()
  await Promise.all([30, 20].map(points => spent.spendWhenPossible('one', points, undefined)))
  expect(performance.now() - began).toBeGreaterThan(450)
})

test('an amount above the limit waits for a full budget', async () => {
  const spent = budget()
  await spent.spendWhenPossible('one', 1_000, undefined)
  expect(Math.round(spent.remaining('one'))).toBe(0)
  await expect(spent.spend('one', 1_000)).rejects.toThrow('wait 3600')
})

test('what was spent for nothing is given back, up to the limit', async () => {
  const spent = budget()
  await spent.spend('one', 60)
  const waiting = spent.spendWhenPossible('one', 90, undefined)
  spent.giveBack('one', 60)
  await waiting
  expect(Math.round(spent.remaining('one'))).toBe(10)
  spent.giveBack('one', 1_000)
  expect(spent.remaining('one')).toBe(100)
})
