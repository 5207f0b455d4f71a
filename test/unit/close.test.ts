import { expect, test } from 'vitest'
import { closeInOrder } from '../../src/runtime/close.ts'

test('groups are closed one after the other, and the steps of a group at once', async () => {
  const log: string[] = []
  const step = (name: string) => async () => {
    log.push(`${name} begins`)
    await new Promise(resolve => setImmediate(resolve))
    log.push(`${name} ends`)
  }
  await closeInOrder([
    [['a', step('a')]],
    [
      ['b', step('b')],
      ['c', step('c')],
    ],
  ])
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'c begins', 'b ends', 'c ends'])
})

test('a step that fails keeps no other from being closed, and the error at the end names each that failed', async () => {
  const closed: string[] = []
  const [first, second] = [new Error('It is busy.'), new Error('It is gone.')]
  const closing = closeInOrder([
    [
      ['the feeds', () => Promise.reject(first)],
      ['the hints', () => void closed.push('the hints')],
    ],
    [
      [
        'the outbox',
        () => {
          throw second
        },
      ],
    ],
    [['the database', async () => void closed.push('the database')]],
  ])
  const error = await closing.catch((caught: unknown) => caught)
  expect(closed).toEqual(['the hints', 'the database'])
  expect(error).toBeInstanceOf(AggregateError)
  const { message, errors } = error as AggregateError
  expect(message).toBe('the feeds could not be closed. the outbox could not be closed.')
  expect(errors.map(({ message, cause }) => [message, cause])).toEqual([
    ['the feeds could not be closed.', first],
    ['the outbox could not be closed.', second],
  ])
})
