import { expect } from 'vitest'
import { askUntilKept } from '../support/asking-again.ts'
import { startedWith } from '../support/fixtures.ts'
import { type Client, newClient, newConversation } from '../support/gateway.ts'
import { acknowledged } from '../support/live.ts'
import { test as base } from '../support/live-fixtures.ts'

const test = startedWith(base, {
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

test('a kept answer counts among what is unread before it is sent', async ({ gateway, acme }) => {
  const { id } = await newConversation(acme.client, 'jane@example.com', 'x'.repeat(90_000))
  for (const index of [1, 2, 3, 4, 5, 6, 7, 8])
    await acme.client.graphql(
      'mutation ($input: AddNoteInput!) { addNote(input: $input) { cursor userErrors { message } } }',
      { input: { conversationId: id, contentText: `${index}${'x'.repeat(90_000)}` } },
    )
  const { client } = await newClient(gateway, acme.id)
  const query = `query ($id: ID!) { conversation(id: $id) { messages(first: 9) { edges { node { text } } } } }`
  expect((await askUntilKept(client, query, { id })).length).toBeGreaterThan(800_000)
  const socket = await acknowledged(client)
  const outcomes: boolean[] = []
  socket.on('message', message => {
    const { type, payload } = JSON.parse(String(message))
    if (type === 'next') outcomes.push(payload.errors?.[0].extensions.code === 'RATE_LIMITED')
  })
  const operations = 60
  for (let index = 0; index < operations; index++)
    socket.send(
      JSON.stringify({ id: String(index), type: 'subscribe', payload: { query, variables: { id } } }),
    )
  await expect.poll(() => outcomes.length).toBe(operations)
  expect(outcomes.filter(Boolean).length).toBeGreaterThan(operations / 4)
})
