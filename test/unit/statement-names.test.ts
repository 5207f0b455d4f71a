import { expect, test } from 'vitest'
import { createStatementNames } from '../../src/db/statement-names.ts'

test('a statement has a name from its third time on, and keeps it', () => {
  const nameOf = createStatementNames()
  expect([nameOf('select 1'), nameOf('select 1')]).toEqual([undefined, undefined])
  const name = nameOf('select 1')
  expect(name).toBeDefined()
  expect(nameOf('select 1')).toBe(name)
  for (let time = 1; time < 3; time++) nameOf('select 2')
  expect(nameOf('select 2')).not.toBe(name)
})

test('at most 300 statements have names, as each connection keeps them all', () => {
  const nameOf = createStatementNames()
  const names = new Set<string | undefined>()
  for (let index = 0; index < 1_000; index++)
    for (let time = 1; time <= 3; time++) names.add(nameOf(`select ${index}`))
  expect(names.size).toBe(300 + 1)
})
