import { expect } from 'vitest'
import { test } from '../support/fixtures.ts'
import { client, type Gateway, newConversation } from '../support/gateway.ts'
import { bareSocket, closeClients, closed, overSocket, socketClient, statusChanges } from '../support/live.ts'

const metricsOf = async ({ url }: Gateway) => (await fetch(`${url}/metrics`)).text()

test('an operator sees the pool, the version, and why sockets have closed', async ({ gateway, acme }) => {
  await acme.client.graphql('{ workspace { id } }')
  const before = await metricsOf(gateway)
  expect(before).toMatch(/gateway_pool\{pool="requests",state="size"\} [1-9]/)
  expect(before).toContain('gateway_pool{pool="requests",state="waiting"} 0')
  expect(before).toMatch(/gateway_build_info\{version="\d+\.\d+\.\d+"\} 1/)
  const socket = bareSocket(acme.client)
  const code = closed(socket)
  socket.once('open', () => socket.send('not of the protocol'))
  expect(await code).toBe(4400)
  await expect.poll(() => metricsOf(gateway)).toContain('gateway_socket_closes_total{code="4400"} 1')
  await closeClients()
})

test('an operator sees keys that are refused', async ({ gateway, acme }) => {
  const refused = async () => Number(/gateway_refused_keys_total (\d+)/.exec(await metricsOf(gateway))?.[1])
  const before = await refused()
  await client(gateway.url, 'wrong').graphql('{ workspace { id } }')
  expect(await refused()).toBe(before + 1)
  await acme.client.graphql('{ workspace { id } }')
  const socket = bareSocket(client(gateway.url, 'wrong'))
  const code = closed(socket)
  socket.once('open', () => socket.send('{"type":"connection_init"}'))
  expect(await code).toBe(4401)
  expect(await refused()).toBe(before + 2)
  await closeClients()
})

test('an operator sees what is delivered, what waits to be, and how late events are', async ({
  gateway,
  acme,
}) => {
  const { id, cursor: after } = await newConversation(acme.client)
  expect(await metricsOf(gateway)).toMatch(/gateway_deliveries_total\{outcome="SENT"\} [1-9]/)
  const heard = overSocket(socketClient(acme.client), statusChanges, { after })
  await acme.client.graphql(
    'mutation ($id: ID!) { setConversationStatus(input: { conversationId: $id, status: CLOSED }) { cursor } }',
    { id },
  )
  await heard.until(1)
  await expect.poll(() => metricsOf(gateway)).toMatch(/gateway_mail_queue\{state="due"\} 0/)
  await acme.client.graphql(
    'mutation ($id: ID!) { setConversationStatus(input: { conversationId: $id, status: OPEN }) { cursor } }',
    { id },
  )
  await heard.until(2)
  await expect.poll(() => metricsOf(gateway)).toMatch(/gateway_event_delay_seconds_count [1-9]/)
  await closeClients()
})
