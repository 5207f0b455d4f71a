import { expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { explain } from '../../src/domain/errors.ts'
import { costOf, requireCost } from '../../src/graphql/execution/cost.ts'
import { createPrepare } from '../../src/graphql/execution/prepare.ts'
import { schema } from '../../src/graphql/schema/schema.ts'

const { limits } = readConfig({})

/** The lists that can be asked for below a type, and the type that each leads to. */
const lists: Record<string, [field: string, type: string][]> = {
  Query: [
    ['agents', 'Agent'],
    ['contacts', 'Contact'],
    ['conversations', 'Conversation'],
  ],
  Agent: [['conversations', 'Conversation']],
  Contact: [['conversations', 'Conversation']],
  Conversation: [['messages', 'Message']],
}

/** The objects that lead on from a type to more lists. */
const steps: Record<string, [field: string, type: string][]> = {
  Agent: [],
  Contact: [],
  Conversation: [
    ['assignedTo', 'Agent'],
    ['contact', 'Contact'],
  ],
  Message: [['conversation', 'Conversation']],
}

/** A walk through lists and objects, chosen by the digits of a number. Every page is full. */
function relative(seed: number): string {
  let digits = seed
  const choose = <Value>(values: readonly Value[]): Value => {
    const value = values[digits % values.length] as Value
    digits = Math.floor(digits / values.length) + 7 * seed
    return value
  }
  const selection = (type: string, depth: number): string => {
    if (depth === 0) return '{ id }'
    const nested = lists[type]?.length ? choose(lists[type]) : null
    if (!nested) return step(type, depth)
    const [field, of] = nested
    const size = choose(['first: 100', 'last: 100', 'first: 90', 'first: $n'])
    return `{ id ${field}(${size}) { edges { node ${step(of, depth - 1)} } } }`
  }
  const step = (type: string, depth: number): string => {
    const next = steps[type]?.length ? choose(steps[type]) : null
    if (!next || depth === 0) return selection(type, depth)
    return `{ id ${next[0]} ${selection(next[1], depth)} }`
  }
  const [field, type] = choose(lists.Query ?? [])
  return `query R${seed}($n: Int = 100) { ${field}(first: $n) { edges { node ${step(type, 3)} } } id: viewer { id } }`
}

test('200 relatives of the query that ended the process are refused in 5 ms each', () => {
  const { prepare } = createPrepare(schema, limits)
  const refuse = (query: string) => {
    const operation = prepare(query)
    if ('errors' in operation) throw new Error(`${query}: ${operation.errors[0]?.message}`)
    try {
      requireCost(costOf(limits, operation.plan, {}), limits)
      return null
    } catch (error) {
      return explain(error)
    }
  }
  const relatives = Array.from({ length: 200 }, (_, index) => relative(index + 1))
  expect(new Set(relatives).size).toBe(200)
  // The first ones compile what all of them use.
  relatives.forEach(refuse)
  for (const query of relatives) {
    const times: number[] = []
    // Processor time, so that a busy machine makes no difference. The cost is computed anew each time.
    for (let attempt = 0; attempt < 5; attempt++) {
      const begun = process.cpuUsage()
      const refused = refuse(`${query} # ${attempt}`)
      const { user, system } = process.cpuUsage(begun)
      times.push((user + system) / 1_000)
      expect(refused, query).toMatchObject({
        code: 'LIMIT_EXCEEDED',
        extensions: { cost: { limit: 10_000 } },
      })
    }
    expect(Math.min(...times), query).toBeLessThan(5)
  }
})

test('the cost of a prepared operation follows its variables and the largest page, whatever it cost before', () => {
  const { prepare } = createPrepare(schema, limits)
  const operation = prepare(`query ($n: Int) {
    conversations(first: $n) { edges { node { id subject contact { name } messages(last: 3) { edges { node { preview } } } } } }
  }`)
  if ('errors' in operation) throw operation.errors[0]
  const cost = (n: number, maxPageSize = 100) => costOf({ maxPageSize }, operation.plan, { n }).cost
  const [of5, of50] = [cost(5), cost(50)]
  // The list itself costs 1.
  expect(of50 - 1).toBe(10 * (of5 - 1))
  expect([cost(5), cost(50), cost(50, 20)]).toEqual([of5, of50, 4 * (of5 - 1) + 1])
})
