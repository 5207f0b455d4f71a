import { expect, test } from 'vitest'
import { isSetBack } from '../../src/domain/event/epoch.ts'

const origin = (walBytes: number) => ({ systemIdentifier: '7', timeline: 1, walBytes })

test.for([
  [5_000_000, 5_000_000, false],
  [5_000_000, 9_000_000, false],
  [5_000_000, 4_100_000, false],
  [5_000_000, 3_900_000, true],
] as const)(
  'a write-ahead log of %d bytes that has %d bytes later is set back: %s',
  ([from, to, expected]) => {
    expect(isSetBack(origin(from), origin(to))).toBe(expected)
  },
)
