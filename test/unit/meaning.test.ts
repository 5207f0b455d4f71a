import { describe, expect, test } from 'vitest'
import { meaning, TimedOut, Unavailable } from '../../src/db/unavailable.ts'

describe('an error of the database', () => {
  test.for([
    ['08006', 'UNREACHABLE'],
    ['25006', 'READ_ONLY'],
    ['25P03', 'UNREACHABLE'],
    ['25P04', 'TIMED_OUT'],
    ['40001', 'CONFLICT'],
    ['40P01', 'CONFLICT'],
    ['53100', 'NO_RESOURCES'],
    ['53300', 'NO_RESOURCES'],
    ['55P03', 'LOCKED'],
    ['57014', 'TIMED_OUT'],
    ['57P01', 'STOPPING'],
    ['57P03', 'STOPPING'],
    ['58030', 'NO_RESOURCES'],
    ['ECONNRESET', 'UNREACHABLE'],
    [undefined, 'UNREACHABLE'],
  ] as const)('%s passes: %s', ([code, reason]) => {
    const means = meaning(Object.assign(new Error('told by the server'), { code }))
    expect(means).toBeInstanceOf(Unavailable)
    expect(means).toMatchObject({ reason })
    expect(means instanceof TimedOut).toBe(code === '57014')
  })

  test.for(['22021', '23505', '42P01', 'XX000'])('%s does not pass', code => {
    const error = Object.assign(new Error('told by the server'), { code })
    expect(meaning(error)).toBe(error)
  })

  test.for(['28P01', '3D000', 'XX000'])('%s passes while it keeps a connection from being made', code => {
    expect(new Unavailable(Object.assign(new Error('told by the server'), { code })).reason).toBe(
      'UNREACHABLE',
    )
  })
})
