import { expect, test } from 'vitest'
import { createIterations } from '../../src/runtime/iterations.ts'

const iteration = () => new Promise<void>(resolve => setImmediate(resolve))

test('what fits in an iteration is done at once, and the rest in the next ones, in its order', async () => {
  const { run } = createIterations(2)
  const done: number[] = []
  for (const number of [1, 2, 3, 4, 5]) run('a', () => void done.push(number))
  expect(done).toEqual([1, 2])
  await iteration()
  expect(done).toEqual([1, 2, 3, 4])
  run('a', () => void done.push(6))
  await iteration()
  expect(done).toEqual([1, 2, 3, 4, 5, 6])
  run('a', () => void done.push(7))
  expect(done).toHaveLength(6)
  await iteration()
  run('a', () => void done.push(8))
  expect(done).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
})

test('one owner with much work keeps no other one waiting', async () => {
  const { run } = createIterations(2)
  const done: string[] = []
  for (let index = 0; index < 100; index++) run('a', () => void done.push('a'))
  run('b', () => void done.push('b'))
  await iteration()
  expect(done).toEqual(['a', 'a', 'a', 'b'])
})

test('work that asks for more work waits for its turn like any other', async () => {
  const { run } = createIterations(1)
  const done: number[] = []
  const again = (left: number): void => {
    done.push(left)
    if (left > 0) run('a', () => again(left - 1))
  }
  run('a', () => again(3))
  expect(done).toEqual([3])
  for (const left of [2, 1, 0]) {
    await iteration()
    expect(done.at(-1)).toBe(left)
  }
})

test('work that asks for more overtakes nothing that waits', async () => {
  const { run } = createIterations(2)
  const done: number[] = []
  for (const number of [1, 2]) run('a', () => void done.push(number))
  run('a', () => {
    done.push(3)
    run('a', () => void done.push(5))
  })
  run('a', () => void done.push(4))
  await iteration()
  await iteration()
  expect(done).toEqual([1, 2, 3, 4, 5])
})
