import { expect, test } from 'vitest'
import { createQuota, takeAll } from '../../src/runtime/quota.ts'

test('an owner holds no more than the limit, others hold their own', () => {
  const quota = createQuota(2)
  const release = quota.take('one', 2)
  expect(quota.take('one', 1)).toBeNull()
  expect(quota.take('other', 1)).not.toBeNull()
  release?.()
  release?.()
  expect(quota.take('one', 2)).not.toBeNull()
})

test('room is given in the order in which it was asked for', async () => {
  const quota = createQuota(10)
  const order: string[] = []
  const release = quota.hold('one', 8)
  const take = async (name: string, amount: number) => {
    const done = await quota.takeWhenPossible('one', amount, undefined)
    order.push(name)
    done()
  }
  const takes = [take('large', 5), take('small', 1)]
  release()
  await Promise.all(takes)
  expect(order).toEqual(['large', 'small'])
})

test('an owner that holds nothing has room for more than the limit', async () => {
  const quota = createQuota(10)
  const release = await quota.takeWhenPossible('one', 20, undefined)
  expect(quota.take('one', 1)).toBeNull()
  release()
})

test('a wait for room ends with the reason of its signal, and those behind it go on', async () => {
  const quota = createQuota(10)
  const release = quota.hold('one', 8)
  const gone = new AbortController()
  const large = quota.takeWhenPossible('one', 5, gone.signal)
  const small = quota.takeWhenPossible('one', 2, undefined)
  gone.abort(new Error('gone'))
  await expect(large).rejects.toThrow('gone')
  ;(await small)()
  release()
  expect(quota.take('one', 10)).not.toBeNull()
})

test('several quotas are taken from together, or none is', () => {
  const [one, other] = [createQuota(1), createQuota(1)]
  const takeBoth = () =>
    takeAll(
      () => one.take('', 1),
      () => other.take('', 1),
    )
  const release = other.take('', 1)
  expect(takeBoth()).toBeNull()
  release?.()
  const releaseBoth = takeBoth()
  expect(takeBoth()).toBeNull()
  releaseBoth?.()
  expect(takeBoth()).not.toBeNull()
})
