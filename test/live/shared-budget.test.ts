import { expect } from 'vitest'
import { changeStatus } from '../support/conversations.ts'
import { startedWith } from '../support/fixtures.ts'
import { newClient, newConversation } from '../support/gateway.ts'
import { overSocket, socketClient } from '../support/live.ts'
import { test as base, subscribed } from '../support/live-fixtures.ts'

/** An event costs more than 100: two are affordable at once, and each further one after 20 seconds. */
const test = startedWith(base, { limits: { maxCostPerMinute: 300 } })

const dear = `subscription ($after: EventCursor) { conversationStatusChanged(after: $after) {
  cursor conversation { messages(first: 100) { edges { node { id } } } } } }`

test('a key that has spent its budget does not delay another one that shares its subscription', async ({
  gateway,
  acme,
}) => {
  const { client: greedy } = acme
  const { id } = await newConversation(greedy)
  const after = await changeStatus(greedy, id, 'CLOSED')
  for (let index = 0; index < 4; index++) await changeStatus(greedy, id, index % 2 === 0 ? 'OPEN' : 'CLOSED')
  // It joins first. Its catch-up has spent everything, and needs a minute more.
  const catchingUp = overSocket<{ cursor: string }>(socketClient(greedy), dear, { after })
  await catchingUp.until(2)
  const { client: other } = await newClient(gateway, acme.id)
  const heard = overSocket<{ cursor: string }>(socketClient(other), dear)
  await subscribed(gateway, 2)
  const began = performance.now()
  const cursor = await changeStatus(greedy, id, 'OPEN')
  expect((await heard.until(1)).map(event => event.cursor)).toEqual([cursor])
  expect(performance.now() - began).toBeLessThan(15_000)
  expect(catchingUp.events.length).toBeLessThan(5)
})
