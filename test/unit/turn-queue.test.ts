import { expect, test } from 'vitest'
import { createTurnQueue, type Owner } from '../../src/runtime/turn-queue.ts'

const owner = (keyId: string): Owner => ({ keyId, workspaceId: keyId })
const everyone = { key: () => true, request: () => true }

test('keys are served in turn, and so are the requests of a key', () => {
  const queue = createTurnQueue<string>()
  const [one, two] = [owner('greedy'), owner('greedy')]
  for (const waiter of ['a1', 'a2', 'a3']) queue.add(one, waiter)
  queue.add(two, 'b1')
  queue.add(owner('other'), 'c1')
  const served = Array.from({ length: 6 }, () => queue.next(everyone))
  expect(served).toEqual(['a1', 'c1', 'b1', 'a2', 'a3', undefined])
  expect(queue.countOf('greedy')).toBe(0)
})

test('the next one is found without a look at the many requests of a key that has its share', () => {
  const queue = createTurnQueue<string>()
  for (let index = 0; index < 10_000; index++) queue.add(owner('greedy'), 'a')
  queue.add(owner('other'), 'b')
  let looks = 0
  const isNotGreedy = ({ keyId }: Owner) => {
    looks++
    return keyId !== 'greedy'
  }
  expect(queue.next({ key: isNotGreedy, request: isNotGreedy })).toBe('b')
  expect(looks).toBeLessThan(10)
  expect(queue.next({ key: isNotGreedy, request: isNotGreedy })).toBeUndefined()
  expect(looks).toBeLessThan(10)
})

test('one that is removed is not served, and counts no more', () => {
  const queue = createTurnQueue<string>()
  const one = owner('one')
  queue.add(one, 'a')
  queue.remove(one, 'a')
  queue.remove(one, 'a')
  expect(queue.has(one)).toBe(false)
  expect(queue.countOf('one')).toBe(0)
  expect(queue.next(everyone)).toBeUndefined()
})
