import { expect } from 'vitest'
import { test } from '../support/fixtures.ts'
import type { Gateway } from '../support/gateway.ts'
import { bareSocket, closeClients, closed } from '../support/live.ts'

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
