import { describe, expect } from 'vitest'
import { change } from '../support/conversations.ts'
import { newConversation } from '../support/gateway.ts'
import { overEventStream, overSocket, socketClient } from '../support/live.ts'
import { test } from '../support/live-fixtures.ts'

const statements: string[] = []
test.override('gatewayOptions', { onStatement: event => statements.push(event.query.sql) })

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
