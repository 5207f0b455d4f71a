import { expect } from 'vitest'
import { changeStatus } from '../support/conversations.ts'
import { test as base, startedWith } from '../support/fixtures.ts'
import { newConversation, newWorkspace } from '../support/gateway.ts'
import { handIn, mail } from '../support/inbound.ts'

const test = startedWith(base, { limits: { maxTextBytesPerHour: 10_000, maxChangesPerHour: 12 } })

const create = `mutation ($contentText: String!) {
  createConversation(input: { email: "jane@example.com", contentText: $contentText }) { cursor } }`

test('a workspace adds a limited amount of text an hour, by every way in; others go on', async ({
  gateway,
  acme,
}) => {
  const { client } = acme
  const contentText = '日'.repeat(3_000)
  expect((await client.graphql(create, { contentText })).status).toBe(200)
  const refused = await client.graphql(create, { contentText })
  expect(refused).toMatchObject({
    status: 429,
    errors: [
      {
        message: expect.stringContaining('may add 10000 bytes of text an hour'),
        extensions: { code: 'RATE_LIMITED', retryAfter: expect.any(Number) },
      },
    ],
  })
  const conversations = `/v1/workspaces/${acme.id}/support/inbox/conversations`
  const rest = await client.rest('POST', conversations, { email: 'jane@example.com', contentText })
  expect(rest.status).toBe(429)
  expect(Number(rest.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await handIn(client, acme.id, mail({}, contentText))).status).toBe(429)
  const other = await newWorkspace(gateway)
  expect((await other.client.graphql(create, { contentText })).status).toBe(200)
})

test('a workspace makes a limited number of changes an hour, by every way in; it still reads', async ({
  acme,
}) => {
  const { client } = acme
  const { id } = await newConversation(client)
  for (let index = 1; index < 12; index++) await changeStatus(client, id, index % 2 ? 'CLOSED' : 'OPEN')
  const query = `mutation { setConversationStatus(input: { conversationId: "${id}", status: ARCHIVED }) { cursor } }`
  expect(await client.graphql(query)).toMatchObject({
    status: 429,
    errors: [
      { message: expect.stringContaining('12 changes an hour'), extensions: { code: 'RATE_LIMITED' } },
    ],
  })
  const status = `/v1/workspaces/${acme.id}/support/inbox/conversations/${id}/status`
  expect((await client.rest('PUT', status, { status: 'ARCHIVED' })).status).toBe(429)
  expect((await handIn(client, acme.id, mail({}))).status).toBe(429)
  expect(await client.graphql(`{ conversation(id: "${id}") { status } }`)).toMatchObject({
    status: 200,
    data: { conversation: { status: 'CLOSED' } },
  })
})
