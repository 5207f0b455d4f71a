import { expect } from 'vitest'
import { changeStatus } from '../support/conversations.ts'
import { startedWith } from '../support/fixtures.ts'
import { newConversation } from '../support/gateway.ts'
import { overSocket, socketClient } from '../support/live.ts'
import { test as base } from '../support/live-fixtures.ts'

/** 5 a second. */
const test = startedWith(base, { limits: { maxCostPerMinute: 300 } })

/** Each event costs more than 40, so that seven are affordable at once. */
const dear = `subscription ($after: EventCursor) { conversationStatusChanged(after: $after) {
  cursor conversation { messages(first: 40) { edges { node { id } } } } } }`

test('events that cost more than their key may spend come later, none is lost, and its queries go on', async ({
  acme: { client },
}) => {
  const { id } = await newConversation(client)
  const after = await changeStatus(client, id, 'CLOSED')
  for (let index = 0; index < 8; index++) await changeStatus(client, id, index % 2 === 0 ? 'OPEN' : 'CLOSED')
  const began = performance.now()
  const heard = overSocket<{ cursor: string }>(socketClient(client), dear, { after })
  await expect.poll(() => heard.events.length).toBeGreaterThan(5)
  expect(await client.graphql('{ workspace { name } }')).toMatchObject({ status: 200 })
  const events = await heard.until(8)
  expect(performance.now() - began).toBeGreaterThan(4_000)
  expect(events.map(({ cursor }) => cursor)).toEqual([...new Set(events.map(({ cursor }) => cursor))].sort())
  expect(heard.errors).toEqual([])
})
