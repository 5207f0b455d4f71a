import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { buildSchema } from 'graphql'
import { expect } from 'vitest'
import { test as base, startedWith } from '../support/fixtures.ts'
import { codesOf, requireNoLeak } from '../support/fuzz/answers.ts'
import { damaged, damages } from '../support/fuzz/damage.ts'
import { operationsOf } from '../support/fuzz/documents.ts'
import { knownInbox } from '../support/fuzz/known.ts'
import { inLanes, tally } from '../support/fuzz/lanes.ts'
import { type Printed, print } from '../support/fuzz/printing.ts'
import { oddText, oddValue } from '../support/fuzz/values.ts'
import type { Client } from '../support/gateway.ts'
import { expectSound } from '../support/recount.ts'

const test = startedWith(base, {
  limits: {
    maxCostPerMinute: 1_000_000_000,
    maxDocumentCharactersPerMinute: 1_000_000_000,
    maxMessagesPerSecond: 100_000,
  },
})

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'))

/** How a document is sent: most by POST, some by GET, some in a broken envelope. */
const envelopes = fc.record({
  kind: fc.oneof(
    { weight: 40, arbitrary: fc.constant('post' as const) },
    { weight: 4, arbitrary: fc.constant('get' as const) },
    { weight: 1, arbitrary: fc.constant('other name' as const) },
    { weight: 1, arbitrary: fc.constant('odd body' as const) },
    { weight: 1, arbitrary: fc.constant('odd field' as const) },
  ),
  accept: fc.oneof(
    { weight: 6, arbitrary: fc.constant('application/json') },
    { weight: 6, arbitrary: fc.constant('application/graphql-response+json') },
    { weight: 1, arbitrary: fc.constant('text/event-stream') },
  ),
  odd: oddValue,
  name: oddText,
})
type Envelope = typeof envelopes extends fc.Arbitrary<infer Value> ? Value : never

function bodyOf(document: Printed, { kind, odd, name }: Envelope): string {
  if (kind === 'odd body') return typeof odd === 'string' ? odd : JSON.stringify(odd)
  if (kind === 'other name') return JSON.stringify({ ...document, operationName: name })
  if (kind === 'odd field')
    return JSON.stringify({ ...document, variables: odd, extensions: odd, [name]: odd })
  return JSON.stringify(document)
}

function send({ url, authorization }: Client, document: Printed, envelope: Envelope): Promise<Response> {
  const headers = { authorization, accept: envelope.accept }
  if (envelope.kind !== 'get')
    return fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: bodyOf(document, envelope),
    })
  const { query, variables } = document
  return fetch(`${url}/graphql?${new URLSearchParams({ query, variables: JSON.stringify(variables) })}`, {
    headers,
  })
}

type Result = { data?: unknown; errors?: { extensions?: Record<string, unknown> }[] }

/** The first result of an event stream, as JSON; null: the stream has opened, and nothing has happened yet. */
async function firstOf(stream: ReadableStream<Uint8Array>): Promise<string | null> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true })
    if (text === ':\n\n') return null
    const result = /\nevent: next\ndata: (.*)\n\n/.exec(text)?.[1]
    if (result !== undefined) return result
  }
  throw new Error(`An event stream ended without a result: ${text}`)
}

/** The outcome of a document. @throws Error for an answer that no document may get */
async function outcomeOf(response: Response): Promise<string> {
  const isStream = response.headers.get('content-type') === 'text/event-stream' && response.body
  const text = isStream ? await firstOf(isStream) : await response.text()
  if (text === null) return 'subscribed'
  if (response.status >= 500) throw new Error(`${response.status} ${text.slice(0, 2_000)}`)
  requireNoLeak(text)
  // 406: a subscription for a client that takes no event stream. 431: the address is too long.
  if (response.status === 406 || response.status === 431) return String(response.status)
  const { data, errors } = JSON.parse(text) as Result
  const [code] = codesOf(errors)
  if (data == null && code === undefined) throw new Error(`Neither data nor an error: ${text}`)
  if (code === undefined) return 'executed'
  return data === undefined ? `refused ${code}` : `executed, ${code}`
}

test('20,000 generated documents over HTTP get no 5xx, only known codes, and leave the inbox sound', async ({
  gateway,
}) => {
  const { own, other, known } = await knownInbox(gateway)
  const operation = operationsOf(schema, known, { query: 16, mutation: 4, subscription: 1 })
  const outcomes = tally()
  await inLanes(
    { runs: 20_000, lanes: 8 },
    fc.record({ operation, damage: damages, envelope: envelopes }),
    async ({ operation, damage, envelope }) => {
      outcomes.add(await outcomeOf(await send(own.client, damaged(print(operation), damage), envelope)))
    },
  )
  console.log(`documents over HTTP: ${outcomes.line()}`)
  // The key lacks the scope `admin`, so what administers is refused before it is executed.
  const forbidden = outcomes.share('refused FORBIDDEN')
  expect(forbidden).toBeGreaterThan(0)
  expect(outcomes.share('executed') / (1 - forbidden)).toBeGreaterThan(0.5)
  expect(outcomes.share('subscribed')).toBeGreaterThan(0)
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
  await expectSound(gateway.db, own)
  await expectSound(gateway.db, other)
})
