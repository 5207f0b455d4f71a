import { expect, test } from 'vitest'
import { Busy, Unavailable } from '../../src/db/unavailable.ts'
import { whenAvailable } from '../../src/db/when-available.ts'

/** An attempt that fails with these errors, one after the other, and then succeeds. */
function failing(...errors: Error[]) {
  const waiting = [...errors]
  return async () => {
    const error = waiting.shift()
    if (error) throw error
    return 'done'
  }
}

test('work of a key that is busy is done later, however often it is refused', async () => {
  expect(await whenAvailable(failing(new Busy(), new Busy(), new Busy(), new Busy()))).toBe('done')
})

test('work is tried once more when the database is unavailable', async () => {
  expect(await whenAvailable(failing(new Unavailable(null)))).toBe('done')
  const twice = failing(new Unavailable('first'), new Busy(), new Unavailable('second'))
  await expect(whenAvailable(twice)).rejects.toMatchObject({ cause: 'second' })
})

test('any other error ends it at once', async () => {
  await expect(whenAvailable(failing(new Error('other')))).rejects.toThrow('other')
})

test('it ends with the reason of its signal', async () => {
  const gone = new AbortController()
  const waiting = whenAvailable(async () => {
    throw new Busy()
  }, gone.signal)
  gone.abort(new Error('gone'))
  await expect(waiting).rejects.toThrow('gone')
})
