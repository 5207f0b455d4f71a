import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { seldom } from '../../src/runtime/seldom.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('each name is told once in a while, with how often it came', () => {
  const told: [string, number][] = []
  const tell = seldom(1_000, (name, count) => void told.push([name, count]))
  tell('full')
  tell('full')
  tell('stopping')
  expect(told).toEqual([
    ['full', 1],
    ['stopping', 1],
  ])
  vi.advanceTimersByTime(1_000)
  tell('full')
  expect(told.slice(2)).toEqual([['full', 2]])
})
