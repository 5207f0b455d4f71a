import { expect, test } from 'vitest'
import { within } from '../../src/runtime/within.ts'

const timers = () => process.getActiveResourcesInfo().filter(resource => resource === 'Timeout').length

test('a promise that is in time gives its value, and leaves no timer', async () => {
  const before = timers()
  const value = within(3_600_000, Promise.resolve('value'))
  expect(timers()).toBe(before + 1)
  expect(await value).toBe('value')
  expect(timers()).toBe(before)
})

test('a promise that takes longer gives undefined', async () => {
  expect(await within(20, new Promise(() => {}))).toBeUndefined()
})

test('a promise that fails in time fails with its error, and leaves no timer', async () => {
  const before = timers()
  await expect(within(3_600_000, Promise.reject(new Error('away')))).rejects.toThrow('away')
  expect(timers()).toBe(before)
})
