import { expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { createAnswerCache } from '../../src/graphql/execution/answer-cache.ts'
import type { Execution } from '../../src/graphql/execution/execution.ts'
import { createPrepare } from '../../src/graphql/execution/prepare.ts'
import { schema } from '../../src/graphql/schema/schema.ts'

const { limits } = readConfig({})
const actor = { workspaceId: 'wrk_a', id: 'agt_a', keyId: 'key_a', scopes: ['read'] }

/** An execution with only what the cache reads. */
function executionOf(query: string, variables: object = {}): Execution {
  const operation = createPrepare(schema, limits).prepare(query)
  if ('errors' in operation) throw operation.errors[0]
  return { operation, variables, context: { actor } } as unknown as Execution
}

const text = (bytes: number) => ({ text: 'x'.repeat(bytes), bytes })

test('what is kept stays within its bytes, keys included, and the least recently used goes first', async () => {
  const keptAnswer = createAnswerCache(100_000, async () => '1')
  const execution = executionOf('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }')
  let made = 0
  const ask = (index: number) =>
    keptAnswer({ ...execution, variables: { ids: [`${index}`.padStart(500, '0')] } }, async () => {
      made++
      return text(4_000)
    })
  for (let index = 0; index < 100; index++) for (const _ of [1, 2]) await ask(index)
  expect(made).toBe(200)
  // Each takes 4,000 bytes, 500 characters and 300 more: 18 of them fit.
  for (let index = 99; index > 99 - 18; index--) await ask(index)
  expect(made).toBe(200)
  await ask(50)
  expect(made).toBe(201)
})

test('questions that are asked once leave what is kept where it is, and other variables are no other question', async () => {
  const keptAnswer = createAnswerCache(100_000, async () => '1')
  const execution = executionOf('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }')
  const ask = (variables: object, make = async () => text(10)) =>
    keptAnswer({ ...execution, variables: variables as Record<string, unknown> }, make)
  const refuse = () => Promise.reject(new Error('It is kept.'))
  for (const _ of [1, 2]) await ask({ ids: ['a'] })
  for (let index = 0; index < 1_000; index++) await ask({ ids: [`${index}`.padStart(1_500, '0')] })
  expect(await ask({ ids: ['a'] }, refuse)).toMatchObject({ bytes: 10 })
  expect(await ask({ ids: ['a'], other: 'b' }, refuse)).toMatchObject({ bytes: 10 })
})

test('large answers and large variables are not kept', async () => {
  const keptAnswer = createAnswerCache(100_000, async () => '1')
  const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }'
  for (const [execution, bytes] of [
    [executionOf(query, { ids: ['a'] }), 20_000],
    [executionOf(query, { ids: ['a'.repeat(3_000)] }), 10],
  ] as const) {
    let made = 0
    for (const _ of [1, 2, 3, 4])
      await keptAnswer(execution, async () => {
        made++
        return text(bytes)
      })
    expect(made).toBe(4)
  }
})

test('no key waits for the answer that is made for another one', async () => {
  const keptAnswer = createAnswerCache(100_000, async () => '1')
  const execution = executionOf('{ workspace { id } }')
  const other = { ...execution, context: { actor: { ...actor, keyId: 'key_b' } } } as unknown as Execution
  await keptAnswer(execution, async () => text(1))
  const slow = Promise.withResolvers<{ text: string; bytes: number }>()
  const first = keptAnswer(execution, () => slow.promise)
  expect(await keptAnswer(other, async () => text(2))).toMatchObject({ bytes: 2 })
  slow.resolve(text(3))
  expect(await first).toMatchObject({ bytes: 3 })
})

test('a request that waits for an answer which fails makes its own', async () => {
  const keptAnswer = createAnswerCache(100_000, async () => '1')
  const execution = executionOf('{ workspace { id } }')
  await keptAnswer(execution, async () => text(1))
  const failing = Promise.withResolvers<{ errors: string[] }>()
  const first = keptAnswer(execution, () => failing.promise)
  const second = keptAnswer(execution, async () => text(2))
  await new Promise(setImmediate)
  failing.resolve({ errors: ['left'] })
  expect(await first).toEqual({ errors: ['left'] })
  expect(await second).toMatchObject({ bytes: 2 })
})
