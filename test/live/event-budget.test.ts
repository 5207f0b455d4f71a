import { expect } from 'vitest'
import { changeStatus } from '../support/conversations.ts'
import { newClient, newConversation } from '../support/gateway.ts'
import { overSocket, socketClient } from '../support/live.ts'
import { subscribed, test } from '../support/live-fixtures.ts'

/** 5 a second. */
test.override('gatewayOptions', { limits: { maxCostPerMinute: 300 } })

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

test('a key that has spent its budget does not delay another one that shares its subscription', async ({
  gateway,
  acme,
}) => {
  const { client: greedy } = acme
  const { id } = await newConversation(greedy)
  const after = await changeStatus(greedy, id, 'CLOSED')
  for (let index = 0; index < 8; index++) await changeStatus(greedy, id, index % 2 === 0 ? 'OPEN' : 'CLOSED')
  // It joins first, and has spent everything when its last events wait.
  const waiting = overSocket<{ cursor: string }>(socketClient(greedy), dear, { after })
  await expect.poll(() => waiting.events.length).toBeGreaterThan(5)
  const { client: other } = await newClient(gateway, acme.id)
  const heard = overSocket<{ cursor: string }>(socketClient(other), dear)
  await subscribed(gateway, 2)
  const cursor = await changeStatus(greedy, id, 'OPEN')
  // For both of them together the greedy key would have to wait for more than half a minute.
  const began = performance.now()
  expect((await heard.until(1)).map(event => event.cursor)).toEqual([cursor])
  await waiting.until(9)
  expect(performance.now() - began).toBeLessThan(10_000)
})
