import { expect, test } from 'vitest'
import { shareNext } from '../../src/runtime/share-next.ts'

function work() {
  const begun: PromiseWithResolvers<number>[] = []
  const run = shareNext(() => {
    begun.push(Promise.withResolvers<number>())
    return begun.at(-1)?.promise ?? Promise.reject(new Error('Nothing has begun.'))
  })
  return { begun, run }
}

test('those who come while work runs share the next one, and at most one runs at a time', async () => {
  const { begun, run } = work()
  const first = run()
  const later = [run(), run(), run()]
  expect(begun).toHaveLength(1)
  begun[0]?.resolve(1)
  expect(await first).toBe(1)
  await expect.poll(() => begun.length).toBe(2)
  begun[1]?.resolve(2)
  expect(await Promise.all(later)).toEqual([2, 2, 2])
  const last = run()
  expect(begun).toHaveLength(3)
  begun[2]?.resolve(3)
  expect(await last).toBe(3)
})

test('work that fails is not shared with those who came later', async () => {
  const { begun, run } = work()
  const first = run()
  const later = run()
  begun[0]?.reject(new Error('failed'))
  await expect(first).rejects.toThrow('failed')
  await expect.poll(() => begun.length).toBe(2)
  begun[1]?.resolve(2)
  expect(await later).toBe(2)
})
