import { assert, json, property } from 'fast-check'
import { expect, test } from 'vitest'
import { hasMoreJsonValues } from '../../src/http/json-values.ts'

/** The names and values of a parsed JSON text. */
function countOf(value: unknown): number {
  if (Array.isArray(value)) return 1 + value.reduce((sum: number, each) => sum + countOf(each), 0)
  if (typeof value !== 'object' || value === null) return 1
  return 1 + Object.values(value).reduce((sum: number, each) => sum + 1 + countOf(each), 0)
}

test('names and values are counted as a parser would, and the content of strings is not', () => {
  assert(
    property(json(), text => {
      const parsed = JSON.parse(text)
      // An empty list or object counts as if it had a value.
      const count = countOf(parsed)
      expect(hasMoreJsonValues(text, count - 1)).toBe(count > 1 || /^[[{]/.test(text))
      expect(hasMoreJsonValues(text, 2 * count + 1)).toBe(false)
    }),
    { seed: 1, numRuns: 2_000 },
  )
  expect(hasMoreJsonValues(JSON.stringify('[{"a\\":1,2,3}]\\'), 1)).toBe(false)
  expect(hasMoreJsonValues('["never ends, {', 2)).toBe(false)
})
