import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPostgres } from '../../../src/db/open-postgres.ts'
import { askAgain, askAnew } from '../../support/asking-again.ts'
import { newPostgresDatabase } from '../../support/databases.ts'
import {
  type Client,
  client,
  type Gateway,
  newConversation,
  newWorkspace,
  startGateway,
} from '../../support/gateway.ts'

let gateways: [Gateway, Gateway]

beforeAll(async () => {
  const url = await newPostgresDatabase()
  const timeouts = { poolWaitMs: 10_000, statementTimeoutMs: 10_000 }
  const start = () =>
    startGateway({
      database: log => openPostgres(url, { ...timeouts, log }),
      limits: { maxCostPerMinute: 1e9 },
    })
  gateways = [await start(), await start()]
})
afterAll(() => Promise.all(gateways.map(gateway => gateway.close())))

/** A workspace as seen through both processes. */
async function prepare() {
  const acme = await newWorkspace(gateways[0])
  const clients = gateways.map(({ url }) => client(url, acme.client.key)) as [Client, Client]
  const { id } = await newConversation(clients[0])
  return { clients, id }
}

const setStatus = `mutation ($input: SetConversationStatusInput!) { setConversationStatus(input: $input) {
  cursor userErrors { message } } }`

async function write(from: Client, conversationId: string, status: string): Promise<string> {
  const { data } = await from.graphql<{ setConversationStatus: { cursor: string } }>(setStatus, {
    input: { conversationId, status },
  })
  return data.setConversationStatus.cursor
}

const queries = [
  '{ conversations(first: 5) { edges { node { id status lastMessageAt } } } }',
  '{ conversations(first: 5, filter: { status: [OPEN] }) { totalCount edges { node { id } } } }',
  '{ workspace { conversationCounts { open closed archived } } }',
]

const steps = fc.array(
  fc.record({
    process: fc.constantFrom(0, 1),
    step: fc.oneof(
      { weight: 1, arbitrary: fc.record({ status: fc.constantFrom('OPEN', 'CLOSED', 'ARCHIVED') }) },
      { weight: 3, arbitrary: fc.record({ query: fc.constantFrom(...queries) }) },
    ),
  }),
  { minLength: 10, maxLength: 30 },
)

test('random reads and writes through two processes never see an old answer', async () => {
  const { clients, id } = await prepare()
  await fc.assert(
    fc.asyncProperty(steps, async each => {
      for (const { process, step } of each) {
        const from = clients[process] as Client
        if ('status' in step) await write(from, id, step.status)
        else expect(await askAgain(from, step.query)).toBe(await askAnew(from, step.query))
      }
    }),
    { numRuns: 40, seed: 20_251_128 },
  )
})

test('while one process writes, the other never answers with less than has been confirmed', async () => {
  const { clients, id } = await prepare()
  const query = '{ workspace { eventCursor } conversations(first: 5) { edges { node { status } } } }'
  let confirmed = ''
  let isWriting = true
  const writer = (async () => {
    for (let index = 0; index < 200; index++)
      confirmed = await write(clients[0], id, index % 2 === 0 ? 'CLOSED' : 'OPEN')
    isWriting = false
  })()
  const reader = async () => {
    while (isWriting) {
      const known = confirmed
      const { data } = JSON.parse(await askAgain(clients[1], query))
      expect(data.workspace.eventCursor >= known, `${data.workspace.eventCursor} after ${known}`).toBe(true)
    }
  }
  await Promise.all([writer, reader(), reader(), reader()])
})
