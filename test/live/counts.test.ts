import { describe, expect } from 'vitest'
import { change } from '../support/conversations.ts'
import { startedWith } from '../support/fixtures.ts'
import { newConversation, newWorkspace } from '../support/gateway.ts'
import { overEventStream, overSocket, socketClient } from '../support/live.ts'
import { test as base } from '../support/live-fixtures.ts'

const statements: string[] = []
const test = startedWith(base, { onStatement: event => statements.push(event.query.sql) })

describe('conversationCountsChanged', () => {
  test.for(['socket', 'event stream'] as const)(
    'tells the counts at once, then the newest, at most 4 a second, over %s',
    async (transport, { acme }) => {
      const { client: caller, agentId } = acme
      const conversations = await Promise.all(Array.from({ length: 10 }, () => newConversation(caller)))
      const query = 'subscription { conversationCountsChanged { open closed unassigned } }'
      const heard =
        transport === 'socket'
          ? overSocket<object>(socketClient(caller), query)
          : overEventStream<object>(caller, query)
      expect(await heard.until(1)).toEqual([{ open: 10, closed: 0, unassigned: 10 }])
      const begun = performance.now()
      for (const { id } of conversations) await change(caller, id, 'CLOSED', agentId)
      await expect.poll(() => heard.events.at(-1)).toEqual({ open: 0, closed: 10, unassigned: 0 })
      expect(heard.events.length).toBeLessThanOrEqual(2 + (performance.now() - begun) / 250)
    },
  )
})

test('tells the counts of one agent, and refuses one that is not of the workspace', async ({
  gateway,
  acme,
}) => {
  const { client: caller, agentId } = acme
  const query =
    'subscription ($agentId: ID) { conversationCountsChanged(agentId: $agentId) { open closed unread unassigned } }'
  const socket = socketClient(caller)
  const heard = overSocket<object>(socket, query, { agentId })
  expect(await heard.until(1)).toEqual([{ open: 0, closed: 0, unread: 0, unassigned: 0 }])
  const all = await Promise.all([1, 2, 3].map(() => newConversation(caller)))
  for (const { id } of all.slice(1)) await change(caller, id, 'OPEN', agentId)
  await expect.poll(() => heard.events.at(-1)).toEqual({ open: 2, closed: 0, unread: 0, unassigned: 0 })
  await change(caller, all[1]?.id ?? '', 'CLOSED', agentId)
  await change(caller, all[2]?.id ?? '', 'OPEN', null)
  await expect.poll(() => heard.events.at(-1)).toEqual({ open: 0, closed: 1, unread: 0, unassigned: 0 })
  const { data } = await caller.graphql(
    `{ agents { edges { node { conversationCounts { open closed unread } } } } }`,
  )
  expect(data).toEqual({
    agents: { edges: [{ node: { conversationCounts: { open: 0, closed: 1, unread: 0 } } }] },
  })
  const other = await newWorkspace(gateway)
  const refused = overSocket<object>(socket, query, { agentId: other.agentId })
  await refused.ended
  expect(refused.errors[0]?.[0]?.extensions).toEqual({ code: 'NOT_FOUND', path: ['agentId'] })
})

test('changes that leave the counts as they are cost few reads for any number of subscribers', async ({
  acme,
}) => {
  const { client: caller, agentId } = acme
  const { id } = await newConversation(caller)
  await change(caller, id, 'CLOSED', null)
  const query = 'subscription { conversationCountsChanged { open closed } }'
  const watching = Array.from({ length: 5 }, () => overSocket<object>(socketClient(caller), query))
  for (const heard of watching) await heard.until(1)
  statements.length = 0
  const begun = performance.now()
  for (let round = 0; round < 40; round++) await change(caller, id, 'CLOSED', round % 2 ? null : agentId)
  await change(caller, id, 'ARCHIVED', null)
  for (const heard of watching)
    expect(await heard.until(2)).toEqual([
      { open: 0, closed: 1 },
      { open: 0, closed: 0 },
    ])
  const reads = statements.filter(statement => /^select.*"open_count"/.test(statement))
  expect(reads.length).toBeGreaterThan(0)
  expect(reads.length).toBeLessThanOrEqual(2 + (performance.now() - begun) / 250)
})

test('subscribers that come at once share their first reads', async ({ acme: { client: caller } }) => {
  const socket = socketClient(caller)
  const query = 'subscription { conversationCountsChanged { open } }'
  const first = overSocket<object>(socket, query)
  await first.until(1)
  statements.length = 0
  const watching = Array.from({ length: 90 }, () => overSocket<object>(socket, query))
  for (const heard of watching) expect(await heard.until(1)).toEqual([{ open: 0 }])
  const reads = statements.filter(statement => /^select.*"open_count"/.test(statement))
  expect(reads.length).toBeLessThan(45)
})
