import { expect, test } from 'vitest'
import { rememberActors } from '../../src/auth/remember-actors.ts'
import type { Actor } from '../../src/domain/operation.ts'

const actor: Actor = { workspaceId: 'wrk_a', id: 'key_a', keyId: 'key_a', scopes: ['read'] }

function remembering(outcome: (header: unknown) => Promise<Actor>) {
  const lookUps: unknown[] = []
  const authenticate = rememberActors(header => {
    lookUps.push(header)
    return outcome(header)
  })
  return { lookUps, authenticate: (header: unknown) => authenticate(header, '192.0.2.1') }
}

test('requests of one key share a look-up, also those that come at once', async () => {
  const { lookUps, authenticate } = remembering(async () => actor)
  await Promise.all(Array.from({ length: 10 }, () => authenticate('Bearer a')))
  expect(await authenticate('Bearer a')).toBe(actor)
  expect(lookUps).toEqual(['Bearer a'])
  await authenticate('Bearer b')
  expect(lookUps).toEqual(['Bearer a', 'Bearer b'])
})

test('a wrong key is looked up each time', async () => {
  const { lookUps, authenticate } = remembering(() => Promise.reject(new Error('wrong')))
  for (let time = 1; time <= 3; time++) await expect(authenticate('Bearer a')).rejects.toThrow('wrong')
  expect(lookUps).toHaveLength(3)
})

test('what is no text is not remembered', async () => {
  const { lookUps, authenticate } = remembering(async () => actor)
  for (const header of [undefined, 1, { toString: 1 }, ['Bearer a']]) await authenticate(header)
  expect(lookUps).toHaveLength(4)
})
