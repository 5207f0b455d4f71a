import { expect } from 'vitest'
import { type Client, newClient } from '../support/gateway.ts'
import { acknowledged } from '../support/live.ts'
import { test } from '../support/live-fixtures.ts'

test.override('gatewayOptions', {
  limits: {
    maxUnsentBytesPerKey: 1024 * 1024,
    maxDocumentCharactersPerMinute: 1e9,
    maxMessagesPerSecond: 1e6,
  },
})

test('a key whose clients leave many small answers unread gets no further one', async ({ gateway, acme }) => {
  const { client } = await newClient(gateway, acme.id)
  // The kernel takes some megabytes of each socket.
  const sockets = await Promise.all([acknowledged(client), acknowledged(client)])
  const names = Array.from({ length: 30 }, (_, index) => `a${index}${'x'.repeat(490)}: viewer { id }`)
  const payload = { query: `{ ${names.join(' ')} }` }
  const small = async (by: Client) => (await by.graphql('{ viewer { id } }')).status
  for (const socket of sockets) socket.pause()
  let sent = 0
  /** Sends what has less than the limit together, so that only answers that stay unread add up to it. */
  const sendSome = () => {
    for (let index = 0; index < 24; index++, sent++)
      for (const socket of sockets)
        socket.send(JSON.stringify({ id: String(sent), type: 'subscribe', payload }))
  }
  await expect
    .poll(() => {
      sendSome()
      return small(client)
    })
    .toBe(429)
  expect(await small(acme.client)).toBe(200)
  for (const socket of sockets) socket.resume()
  await expect.poll(() => small(client)).toBe(200)
})
