import { once } from 'node:events'
import { describe, expect } from 'vitest'
import { startedWith } from '../support/fixtures.ts'
import { newClient, newConversation } from '../support/gateway.ts'
import { handIn, mail } from '../support/inbound.ts'
import { acknowledged, bareSocket, closed } from '../support/live.ts'
import { test as base } from '../support/live-fixtures.ts'

const test = startedWith(base, {
  limits: {
    maxPageSize: 5,
    maxListValues: 3,
    maxBodyBytes: 2_048,
    maxMailBytes: 4_096,
    maxSocketsPerAddress: 3,
    connectionInitTimeoutMs: 300,
    maxStreamsPerAddress: 2,
  },
})

const refused = (message: string) => ({ errors: [{ message, extensions: { code: 'INVALID_INPUT' } }] })

describe('an operator sets', () => {
  test('the size of a page, and a smaller one is the default', async ({ acme: { id, client } }) => {
    for (let index = 0; index < 6; index++) await newConversation(client, `c${index}@example.com`)
    const page = (args: string) => client.graphql(`{ conversations${args} { edges { node { id } } } }`)
    expect(await page('(first: 6)')).toMatchObject(refused('first must be from 1 to 5.'))
    expect(await page('(last: 6)')).toMatchObject(refused('last must be from 1 to 5.'))
    const { data } = await page('')
    expect(data).toMatchObject({ conversations: { edges: { length: 5 } } })
    for (const query of ['', '?limit=50']) {
      const path = `/v1/workspaces/${id}/support/inbox/conversations${query}`
      expect(await client.rest('GET', path)).toMatchObject({
        status: 200,
        body: { conversations: { items: { length: 5 }, hasMore: true } },
      })
    }
  })

  test('how many values a list may have', async ({ acme: { client } }) => {
    const contactId = ['1', '2', '3', '4']
    expect(
      await client.graphql(
        'query ($contactId: [ID!]) { conversations(filter: { contactId: $contactId }) { edges { cursor } } }',
        { contactId },
      ),
    ).toMatchObject(refused('contactId must have at most 3 values.'))
    expect(
      await client.graphql('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: contactId }),
    ).toMatchObject(refused('ids must have at most 3 values.'))
  })

  test('the size of a body, over HTTP, REST and WebSocket', async ({ acme }) => {
    const { client } = acme
    const long = 'x'.repeat(2_048)
    expect(await client.graphql('{ viewer { id } }', { long })).toMatchObject({
      status: 413,
      errors: [{ message: 'The body is larger than 2048 bytes.', extensions: { code: 'LIMIT_EXCEEDED' } }],
    })
    const conversations = `/v1/workspaces/${acme.id}/support/inbox/conversations`
    expect(await client.rest('POST', conversations, { long })).toMatchObject({ status: 413 })
    const socket = await acknowledged(client)
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: `{ ${long} }` } }))
    expect(await closed(socket)).toBe(1009)
  })

  test('the size of a mail', async ({ acme }) => {
    expect((await handIn(acme.client, acme.id, mail({}))).status).toBe(201)
    expect(await handIn(acme.client, acme.id, mail({}, 'x'.repeat(4_096)))).toMatchObject({
      status: 413,
      body: { message: 'The body is larger than 4096 bytes.' },
    })
  })

  test('how many sockets an address may have, with any keys', async ({ gateway, acme }) => {
    const clients = await Promise.all([1, 2, 3].map(() => newClient(gateway, acme.id)))
    const sockets = await Promise.all(clients.map(({ client }) => acknowledged(client)))
    const [error] = await once(bareSocket(acme.client), 'error')
    expect(error).toMatchObject({ message: 'Unexpected server response: 429' })
    sockets[0]?.close()
    await expect
      .poll(async () => {
        const socket = bareSocket(acme.client)
        return Promise.race([
          once(socket, 'open').then(() => 'open'),
          once(socket, 'error').then(() => 'error'),
        ])
      })
      .toBe('open')
  })

  test('how long a socket may stay without connection_init', async ({ acme }) => {
    expect(await closed(bareSocket(acme.client))).toBe(4408)
  })

  test('how many event streams an address may have, with any keys', async ({ gateway, acme }) => {
    const over = new AbortController()
    const stream = async () => {
      const { client } = await newClient(gateway, acme.id)
      return fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: {
          authorization: client.authorization,
          'content-type': 'application/json',
          accept: 'text/event-stream',
        },
        body: JSON.stringify({ query: 'subscription { conversationEvents { cursor } }' }),
        signal: over.signal,
      })
    }
    await Promise.all([stream(), stream()])
    expect(await (await stream()).text()).toContain('LIMIT_EXCEEDED')
    over.abort()
  })
})
