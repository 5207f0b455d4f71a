import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { refusal } from '../../src/domain/errors.ts'
import { createAdmission } from '../../src/graphql/execution/admission.ts'
import type { Execution } from '../../src/graphql/execution/execution.ts'
import { createPrepare } from '../../src/graphql/execution/prepare.ts'
import { createAnswerBytes } from '../../src/graphql/schema/answer-bytes.ts'
import { schema } from '../../src/graphql/schema/schema.ts'
import { createBudget } from '../../src/runtime/budget.ts'
import { createQuota } from '../../src/runtime/quota.ts'

const { limits } = readConfig({})
const refuse = () => refusal('RATE_LIMITED', 'spent')
/** What runs out so slowly that nothing comes back while a test runs. */
const budget = () => createBudget({ limit: 1_000_000, windowSeconds: 1_000_000, refuse })
const admission = (spent = budget()) => createAdmission(limits, spent)

const prepare = (query: string) => {
  const prepared = createPrepare(schema, limits).prepare(query)
  if ('errors' in prepared) throw prepared.errors[0]
  return prepared
}
const cheap = prepare('{ workspace { name } }')
/** It costs 6,201: one of them fits beside cheap ones, and two do not fit together. */
const expensive = prepare(
  '{ conversations(first: 100) { edges { node { messages(first: 60) { edges { node { id } } } } } } }',
)

/** It costs more than half of what may be executed at once. */
const subscription = prepare(
  `subscription { conversationEvents { conversation { messages(first: 100) { edges { node {
    conversation { messages(first: 60) { edges { node { id } } } } } } } } } }`,
)

/** An execution of a key, with what its admission needs. */
function execution(operation: typeof cheap, keyId: string, signal?: AbortSignal): Execution {
  const unsent = createQuota(limits.maxUnsentBytesPerKey)
  const bytes = createAnswerBytes(limits.maxAnswerBytes, unsent, keyId)
  const actor = { keyId, workspaceId: 'wrk_1', id: keyId, scopes: ['read'] as const }
  const context = { actor, bytes, unsent, signal } as unknown as Execution['context']
  return { operation, variables: null, context }
}

/** Whether a promise has settled after a turn of the event loop. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.then(
    () => (settled = true),
    () => (settled = true),
  )
  await nextTurn()
  return settled
}

test('one of the most expensive operations of a key is executed at a time, beside cheap ones and other keys', async () => {
  const admit = admission()
  const { cost, release } = await admit(execution(expensive, 'one'))
  expect(cost.cost).toBe(6_201)
  const second = admit(execution(expensive, 'one'))
  expect(await isSettled(second)).toBe(false)
  expect(await isSettled(admit(execution(expensive, 'other')))).toBe(true)
  release()
  expect(await isSettled(second)).toBe(true)
  const many = Array.from({ length: 100 }, () => admit(execution(cheap, 'one')))
  expect(await isSettled(Promise.all(many))).toBe(true)
})

test('an operation whose client leaves while it waits keeps no room', async () => {
  const admit = admission()
  const { release } = await admit(execution(expensive, 'one'))
  const gone = new AbortController()
  const waiting = admit(execution(expensive, 'one', gone.signal))
  gone.abort(refusal('UNAVAILABLE', 'gone'))
  await expect(waiting).rejects.toThrow('gone')
  release()
  expect(await isSettled(admit(execution(expensive, 'one')))).toBe(true)
})

test('subscriptions that open with a key do not delay its queries, and wait for one another', async () => {
  const admit = admission()
  const opening = Array.from({ length: 3 }, () => admit(execution(subscription, 'one')))
  expect(await isSettled(Promise.all(opening.slice(0, 1)))).toBe(true)
  expect(await isSettled(opening[1] ?? Promise.resolve())).toBe(false)
  expect(await isSettled(admit(execution(expensive, 'one')))).toBe(true)
  for (const each of opening) (await each).release()
})

test('cheap operations do not overtake an expensive one that waits', async () => {
  const admit = admission()
  const first = await admit(execution(expensive, 'one'))
  const second = admit(execution(expensive, 'one'))
  const third = admit(execution(cheap, 'one'))
  expect(await isSettled(third)).toBe(false)
  first.release()
  expect(await isSettled(Promise.all([second, third]))).toBe(true)
})

test('an operation that does not begin costs nothing', async () => {
  const spent = budget()
  const admit = admission(spent)
  const { cost, release } = await admit(execution(expensive, 'one'))
  const gone = new AbortController()
  const waiting = admit(execution(expensive, 'one', gone.signal))
  gone.abort(refusal('UNAVAILABLE', 'gone'))
  await expect(waiting).rejects.toThrow('gone')
  expect(Math.round(spent.remaining('one'))).toBe(1_000_000 - cost.cost)
  release()
})
