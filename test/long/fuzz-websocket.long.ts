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
import { print } from '../support/fuzz/printing.ts'
import {
  acknowledge,
  exchange,
  openRecorder,
  type Recorder,
  type ServerMessage,
} from '../support/fuzz/sockets.ts'
import { oddText, oddValue } from '../support/fuzz/values.ts'
import { expectSound } from '../support/recount.ts'

const test = startedWith(base, {
  limits: {
    maxCostPerMinute: 1_000_000_000,
    maxDocumentCharactersPerMinute: 1_000_000_000,
    maxMessagesPerSecond: 100_000,
  },
})

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'))
const lanes = 8

/** The outcome of an operation. @throws Error for a message that no operation may get */
function outcomeOf(messages: ServerMessage[]): string {
  const text = JSON.stringify(messages)
  requireNoLeak(text)
  const results = messages.flatMap(({ payload }) =>
    Array.isArray(payload) ? { errors: payload } : (payload ?? []),
  )
  const [code] = results.flatMap(({ errors }) => codesOf(errors))
  if (code !== undefined) return `${messages.at(-1)?.type === 'error' ? 'refused' : 'executed'}, ${code}`
  return messages.length === 0 ? 'open' : 'executed'
}

test('5,000 generated operations over 8 WebSockets end each alone, with known codes, and leave the inbox sound', async ({
  gateway,
}) => {
  const { own, other, known } = await knownInbox(gateway)
  const operation = operationsOf(schema, known, { query: 10, mutation: 3, subscription: 5 })
  const outcomes = tally()
  const sockets = await Promise.all(Array.from({ length: lanes }, () => openRecorder(own.client)))
  await Promise.all(sockets.map(socket => acknowledge(socket, own.client)))
  let sent = 0
  const values = fc.record({ operation, damage: damages })
  await inLanes({ runs: 5_000, lanes }, values, async ({ operation, damage }, lane) => {
    const payload = damaged(print(operation), damage)
    const staysOpen = payload.query.includes('subscription')
    const messages = await exchange(sockets[lane] as Recorder, { id: `op ${sent++}`, payload, staysOpen })
    outcomes.add(outcomeOf(messages))
  }).finally(() => {
    for (const { socket } of sockets) socket.terminate()
  })
  console.log(`operations over WebSocket: ${outcomes.line()}`)
  expect(outcomes.share('executed') + outcomes.share('open')).toBeGreaterThan(0.5)
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
  await expectSound(gateway.db, own)
  await expectSound(gateway.db, other)
})

const types = ['connection_init', 'connection_ack', 'ping', 'pong', 'subscribe', 'next', 'error', 'complete']

const subscription = { query: 'subscription { conversationCountsChanged { open } }' }

/** Messages of the protocol, some out of place, and messages that are of it only by chance. */
const messages = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      { type: 'ping' },
      { type: 'pong', payload: {} },
      { type: 'complete', id: '1' },
      { type: 'subscribe', id: '1', payload: { query: '{ __typename }' } },
      { type: 'subscribe', id: '1', payload: subscription },
      { type: 'subscribe', id: '2', payload: { query: '{' } },
      { type: 'connection_init', payload: { authorization: 'Bearer none' } },
      { type: 'next', id: '1', payload: {} },
      { type: 'connection_ack' },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        type: fc.oneof(fc.constantFrom(...types), oddText),
        id: fc.oneof(fc.constantFrom('1', ''), oddText, oddValue),
        payload: fc.oneof(
          fc.constantFrom({ query: '{ __typename }' }, { query: 7 }, { query: '' }),
          oddValue,
        ),
      },
      { requiredKeys: ['type'] },
    ),
  },
  { weight: 1, arbitrary: oddValue },
)

/** As text; at times the text is cut. */
const texts = fc
  .tuple(messages, fc.oneof({ weight: 12, arbitrary: fc.constant(undefined) }, fc.nat(60)))
  .map(([message, end]) => JSON.stringify(message).slice(0, end))

/** Codes that end a socket for the fault of its client: of the protocol, or of WebSocket itself. */
const clientFaults = [1002, 1007, 1009, 4400, 4401, 4403, 4408, 4409, 4429]

test('500 sockets that send odd messages stay open or are closed for a fault of the client', async ({
  gateway,
  acme,
}) => {
  const outcomes = tally()
  const values = fc.record({
    isAcknowledged: fc.boolean(),
    sent: fc.array(texts, { minLength: 1, maxLength: 4 }),
    isBinary: fc.nat(9).map(number => number === 9),
  })
  await inLanes({ runs: 500, lanes }, values, async ({ isAcknowledged, sent, isBinary }) => {
    const recorder = await openRecorder(acme.client)
    if (isAcknowledged) await acknowledge(recorder, acme.client)
    for (const text of sent) recorder.socket.send(isBinary ? Buffer.from(text) : text)
    // A socket that lives answers this ping; one that has been closed tells why.
    recorder.socket.send(JSON.stringify({ type: 'ping', payload: { last: true } }))
    const isAnswer = ({ type, payload }: ServerMessage) =>
      type === 'pong' && JSON.stringify(payload) === '{"last":true}'
    const answered = recorder.first(isAnswer).then(
      () => 'open',
      () => recorder.closed,
    )
    const outcome = await answered
    recorder.socket.terminate()
    outcomes.add(String(outcome))
    if (outcome !== 'open') expect(clientFaults).toContain(outcome)
  })
  console.log(`sockets with odd messages: ${outcomes.line()}`)
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
})
