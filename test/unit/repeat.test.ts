import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { type RepeatOptions, repeat } from '../../src/runtime/repeat.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)

/** Work whose rounds are counted, and of which the first ones fail. */
function start(options: Partial<RepeatOptions> = {}, failures = 0) {
  const errors: unknown[] = []
  const work = vi.fn(async () => {
    if (work.mock.calls.length <= failures) throw new Error(`Round ${work.mock.calls.length}`)
  })
  const repetition = repeat(work, { everyMs: 1_000, onError: error => errors.push(error), ...options })
  onTestFinished(repetition.stop)
  return { rounds: () => work.mock.calls.length, errors, ...repetition }
}

/** Work whose every round lasts until it is ended. */
function startHeld() {
  const ends: (() => void)[] = []
  const signals: AbortSignal[] = []
  const work = (signal: AbortSignal) => {
    signals.push(signal)
    return new Promise<void>(resolve => ends.push(resolve))
  }
  const repetition = repeat(work, { everyMs: 1_000, onError() {} })
  return { rounds: () => signals.length, signals, endRound: () => ends.at(-1)?.(), ...repetition }
}

test('a round begins at once, and each later one an interval after the round before', async () => {
  const { rounds } = start()
  await pass(0)
  expect(rounds()).toBe(1)
  await pass(999)
  expect(rounds()).toBe(1)
  await pass(1)
  expect(rounds()).toBe(2)
  await pass(3_000)
  expect(rounds()).toBe(5)
})

test('the interval begins when a round ends', async () => {
  const { rounds, endRound } = startHeld()
  await pass(5_000)
  expect(rounds()).toBe(1)
  endRound()
  await pass(999)
  expect(rounds()).toBe(1)
  await pass(1)
  expect(rounds()).toBe(2)
})

test('the first round can wait', async () => {
  const { rounds } = start({ firstAfterMs: 300 })
  await pass(299)
  expect(rounds()).toBe(0)
  await pass(1)
  expect(rounds()).toBe(1)
})

test('a wake begins the next round now', async () => {
  const { rounds, wake } = start()
  await pass(10)
  wake()
  await pass(0)
  expect(rounds()).toBe(2)
  await pass(999)
  expect(rounds()).toBe(2)
  await pass(1)
  expect(rounds()).toBe(3)
})

test('wakes during a round begin one more round right after it', async () => {
  const { rounds, wake, endRound } = startHeld()
  await pass(0)
  wake()
  wake()
  await pass(10)
  expect(rounds()).toBe(1)
  endRound()
  await pass(0)
  expect(rounds()).toBe(2)
  endRound()
  await pass(999)
  expect(rounds()).toBe(2)
})

test('failed rounds are reported and followed by longer and longer waits, until a round succeeds', async () => {
  const { rounds, errors } = start({ backoffMs: [10, 100] }, 3)
  await pass(0)
  expect(rounds()).toBe(1)
  await pass(10)
  expect(rounds()).toBe(2)
  await pass(99)
  expect(rounds()).toBe(2)
  await pass(1)
  expect(rounds()).toBe(3)
  await pass(100)
  expect(rounds()).toBe(4)
  expect(errors.map(String)).toEqual(['Error: Round 1', 'Error: Round 2', 'Error: Round 3'])
  await pass(999)
  expect(rounds()).toBe(4)
  await pass(1)
  expect(rounds()).toBe(5)
})

test('without a backoff a failed round is followed by the interval', async () => {
  const { rounds } = start({}, 1)
  await pass(999)
  expect(rounds()).toBe(1)
  await pass(1)
  expect(rounds()).toBe(2)
})

test('a stop tells the running round, waits for it, and begins no other', async () => {
  const { rounds, signals, endRound, wake, stop } = startHeld()
  await pass(0)
  let isStopped = false
  const stopping = stop().then(() => {
    isStopped = true
  })
  await pass(5_000)
  expect(signals[0]?.aborted).toBe(true)
  expect(isStopped).toBe(false)
  endRound()
  await stopping
  wake()
  await pass(5_000)
  expect(rounds()).toBe(1)
})

test('a stop between two rounds ends at once', async () => {
  const { rounds, stop } = start()
  await pass(10)
  await stop()
  expect(vi.getTimerCount()).toBe(0)
  expect(rounds()).toBe(1)
})
