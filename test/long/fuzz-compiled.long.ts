import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { buildSchema } from 'graphql'
import { expect } from 'vitest'
import { test as base, startedWith } from '../support/fixtures.ts'
import { comparable } from '../support/fuzz/comparable.ts'
import { damaged, damages } from '../support/fuzz/damage.ts'
import { operationsOf } from '../support/fuzz/documents.ts'
import { knownInbox } from '../support/fuzz/known.ts'
import { inLanes, tally } from '../support/fuzz/lanes.ts'
import { print } from '../support/fuzz/printing.ts'

const test = startedWith(base, {
  limits: {
    maxCostPerMinute: 1_000_000_000,
    maxDocumentCharactersPerMinute: 1_000_000_000,
    // A kept answer would be sent instead.
    maxKeptAnswerBytes: 0,
  },
})

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'))

test('3,000 generated queries have the same answers by graphql-js and compiled', async ({ gateway }) => {
  const { own, known } = await knownInbox(gateway)
  const operation = operationsOf(schema, known, { query: 1, mutation: 0, subscription: 0 })
  const outcomes = tally()
  await inLanes(
    { runs: 3_000, lanes: 8 },
    fc.record({ operation, damage: damages }),
    async ({ operation, damage }) => {
      const body = JSON.stringify(damaged(print(operation), damage))
      const send = async () => {
        const response = await fetch(`${own.client.url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: own.client.authorization },
          body,
        })
        return { status: response.status, ...comparable(await response.text()) }
      }
      // The first is executed by graphql-js; from the second on a query that can be compiled is.
      const first = await send()
      expect(await send(), body).toEqual(first)
      expect(await send(), body).toEqual(first)
      outcomes.add(first.errors ? 'with errors' : 'executed')
    },
  )
  console.log(`queries, three times each: ${outcomes.line()}`)
  expect(outcomes.share('executed')).toBeGreaterThan(0.5)
})
