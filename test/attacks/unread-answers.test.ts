import { expect } from 'vitest'
import { type Client, newClient } from '../support/gateway.ts'
import { acknowledged } from '../support/live.ts'
import { test } from '../support/live-fixtures.ts'

test.override('gatewayOptions', { limits: { maxUnsentBytesPerKey: 1024 * 1024 } })

test('a key whose clients leave many small answers unread gets no further one', async ({ gateway, acme }) => {
  const { client } = await newClient(gateway, acme.id)
  const sockets = await Promise.all([acknowledged(client), acknowledged(client)])
  const names = Array.from({ length: 30 }, (_, index) => `a${index}${'x'.repeat(330)}: viewer { id }`)
  const payload = { query: `{ ${names.join(' ')} }` }
  const small = async (by: Client) => (await by.graphql('{ viewer { id } }')).status
  for (const socket of sockets) {
    socket.pause()
    for (let index = 0; index < 950; index++)
      socket.send(JSON.stringify({ id: String(index), type: 'subscribe', payload }))
  }
  await expect.poll(() => small(client)).toBe(429)
  expect(await small(acme.client)).toBe(200)
  for (const socket of sockets) socket.resume()
  await expect.poll(() => small(client)).toBe(200)
})
