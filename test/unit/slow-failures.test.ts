import { expect, test } from 'vitest'
import { slowFailures } from '../../src/auth/slow-failures.ts'
import type { Actor } from '../../src/domain/operation.ts'
import { createBudget } from '../../src/runtime/budget.ts'

test('an address looks up 50 credentials at once, and others do not wait for it', async () => {
  const failures = createBudget({ limit: 100, windowSeconds: 60, refuse: () => new Error('too many') })
  const begun: PromiseWithResolvers<Actor>[] = []
  const authenticate = slowFailures(() => {
    const lookUp = Promise.withResolvers<Actor>()
    begun.push(lookUp)
    return lookUp.promise
  }, failures)
  const actor: Actor = { workspaceId: 'wrk_a', id: 'key_a', keyId: 'key_a', scopes: ['read'] }
  const many = Array.from({ length: 200 }, () => authenticate('Bearer x', '192.0.2.1'))
  await expect.poll(() => begun.length).toBe(50)
  const other = authenticate('Bearer y', '192.0.2.2')
  await expect.poll(() => begun.length).toBe(51)
  begun[50]?.resolve(actor)
  expect(await other).toBe(actor)
  begun[0]?.resolve(actor)
  await expect.poll(() => begun.length).toBe(52)
  await expect
    .poll(() => {
      for (const { resolve } of begun) resolve(actor)
      return begun.length
    })
    .toBe(201)
  expect(await Promise.all(many)).toHaveLength(200)
})
