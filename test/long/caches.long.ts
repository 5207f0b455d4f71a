import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { createAnswerCache } from '../../src/graphql/execution/answer-cache.ts'
import { createCompiler } from '../../src/graphql/execution/compile.ts'
import type { Execution } from '../../src/graphql/execution/execution.ts'
import { createPrepare, type PreparedOperation } from '../../src/graphql/execution/prepare.ts'
import { schema, uncountedSchema } from '../../src/graphql/schema/schema.ts'

const { limits } = readConfig({})
const actor = { workspaceId: 'wrk_a', id: 'agt_a', keyId: 'key_a', scopes: ['read'] }

const queries = 100_000
/** One query of ten comes again, so that it is compiled and its answer is kept. */
const comesAgainEvery = 10
const answerBytes = 20_000
/** About what 500 prepared documents and compiled code of 28,000 fields take. */
const maxOthersBytes = 80 * 2 ** 20

/** Buffers are freed beside a collection, and what weak references held by the next one. */
const collections = 10

async function bytesInUse(): Promise<number> {
  for (let collection = 0; collection < collections; collection++) {
    await nextTurn()
    global.gc?.()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

test('100,000 distinct queries leave the caches of documents, code and answers within their bounds', async () => {
  const { prepare } = createPrepare(schema, limits)
  const compiledOf = createCompiler(uncountedSchema, { trySpend: () => true })
  const keptAnswer = createAnswerCache(limits.maxKeptAnswerBytes, async () => '1')
  let compiled = 0

  async function comeAgain(operation: PreparedOperation) {
    for (const _ of [1, 2, 3]) {
      if (compiledOf(operation, actor.keyId)) compiled++
      await nextTurn()
    }
    const execution = { operation, variables: {}, context: { actor } } as unknown as Execution
    const text = 'x'.repeat(answerBytes)
    for (const _ of [1, 2]) await keptAnswer(execution, async () => ({ text, bytes: answerBytes }))
  }

  const before = await bytesInUse()
  for (let index = 0; index < queries; index++) {
    const operation = prepare(
      `query Q${index} { workspace { id n${index}: name conversationCounts { open } } }`,
    )
    if ('errors' in operation) throw operation.errors[0]
    if (index % comesAgainEvery === 0) await comeAgain(operation)
  }
  const growth = (await bytesInUse()) - before
  console.log(
    `${(growth / 2 ** 20).toFixed(0)} MiB after ${queries} queries, of which ${compiled} were compiled; answers may take ${limits.maxKeptAnswerBytes / 2 ** 20} MiB`,
  )
  expect(compiled).toBe(queries / comesAgainEvery)
  expect(growth).toBeGreaterThan(limits.maxKeptAnswerBytes / 2)
  expect(growth).toBeLessThan(limits.maxKeptAnswerBytes + maxOthersBytes)
})
