import { describe, expect, test } from 'vitest'
import { createDeadlines } from '../../src/db/deadlines.ts'

describe('a client waits three seconds longer than a statement may take', () => {
  test('by the setting of its connection', () => {
    expect(createDeadlines(2_000)('select 1', [])).toBe(5_000)
    expect(createDeadlines(0)('select 1', [])).toBeNull()
  })

  test('by that of its session, until it is reset', () => {
    const deadlineOf = createDeadlines(2_000)
    expect(deadlineOf('set statement_timeout = 0', [])).toBeNull()
    deadlineOf('begin', [])
    deadlineOf('commit', [])
    expect(deadlineOf('select 1', [])).toBeNull()
    expect(deadlineOf('reset statement_timeout', [])).toBe(5_000)
  })

  test('by that of its transaction, until it ends', () => {
    const deadlineOf = createDeadlines(2_000)
    expect(deadlineOf('select set_config($1, $2, true)', ['statement_timeout', '60000'])).toBe(63_000)
    expect(deadlineOf('update t set a = $1', [1])).toBe(63_000)
    expect(deadlineOf('commit', [])).toBe(63_000)
    expect(deadlineOf('select 1', [])).toBe(5_000)
  })

  test('whatever text a client sends', () => {
    const deadlineOf = createDeadlines(2_000)
    expect(deadlineOf('insert into message values ($1, $2)', ['statement_timeout', '0'])).toBe(5_000)
    expect(deadlineOf('select set_config($1, $2, true)', ['statement_timeout', 'for ever'])).toBe(5_000)
  })
})
