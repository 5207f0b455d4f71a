import { describe, expect } from 'vitest'
import { revokeKey } from '../../src/domain/key/revoke.ts'
import { test } from '../support/fixtures.ts'
import { client, type Gateway, newClient, newConversation } from '../support/gateway.ts'

const list = ({ id }: { id: string }) => `/v1/workspaces/${id}/support/inbox/conversations`
const request = (gateway: Gateway, authorization?: string) =>
  fetch(`${gateway.url}/graphql?query={viewer{id}}`, { headers: authorization ? { authorization } : {} })

describe('a key that is', () => {
  test.for([
    ['missing', undefined],
    ['unknown', 'Bearer cgw_unknown'],
    ['empty', 'Bearer '],
    ['of another scheme', 'Basic YTpi'],
    ['too long', `Bearer ${'x'.repeat(600)}`],
    ['not ASCII', 'Bearer caf\u00e9'],
  ])(
    '%s is refused by GraphQL and REST, each in its own shape',
    async ([_, authorization], { gateway, acme }) => {
      const graphql = await request(gateway, authorization)
      expect(graphql.status).toBe(401)
      expect(graphql.headers.get('www-authenticate')).toBe('Bearer')
      expect(await graphql.json()).toEqual({
        errors: [{ message: 'Missing or invalid API key.', extensions: { code: 'UNAUTHENTICATED' } }],
      })
      const rest = await fetch(gateway.url + list(acme), { headers: authorization ? { authorization } : {} })
      expect(rest.status).toBe(401)
      expect(rest.headers.get('www-authenticate')).toBe('Bearer')
      expect(await rest.json()).toEqual({
        statusCode: 401,
        error: 'Unauthorized',
        message: 'Missing or invalid API key.',
      })
    },
  )

  test('revoked or expired is refused: it reads for at most 5 seconds more, and changes nothing', async ({
    gateway,
    acme,
  }) => {
    const { id, client: caller } = await newClient(gateway, acme.id)
    expect((await request(gateway, caller.authorization)).status).toBe(200)
    await gateway.db.transaction().execute(writer => revokeKey(writer, acme.id, id))
    const created = await caller.graphql(
      'mutation { createConversation(input: { email: "a@example.com", contentText: "x" }) { cursor } }',
    )
    expect(created).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
    const revokedAt = performance.now()
    await expect.poll(async () => (await request(gateway, caller.authorization)).status).toBe(401)
    expect(performance.now() - revokedAt).toBeLessThan(5_000)
    const expired = await newClient(gateway, acme.id, { expiresAt: new Date(Date.now() - 1_000) })
    expect((await request(gateway, expired.client.authorization)).status).toBe(401)
  })
})

describe('a key without an agent', () => {
  test('acts as itself, and stays readable as an actor after it was revoked', async ({ gateway, acme }) => {
    const { id, client: caller } = await newClient(gateway, acme.id)
    const viewer = await caller.graphql<{ viewer: object }>('{ viewer { __typename id name } }')
    expect(viewer.data.viewer).toEqual({ __typename: 'ApiKey', id, name: 'extra' })
    const conversation = await newConversation(caller)
    await gateway.db.transaction().execute(writer => revokeKey(writer, acme.id, id))
    const { data } = await acme.client.graphql<{ conversation: { messages: object } }>(
      'query ($id: ID!) { conversation(id: $id) { messages { edges { node { author { __typename id } } } } } }',
      { id: conversation.id },
    )
    expect(data.conversation.messages).toEqual({
      edges: [{ node: { author: { __typename: 'ApiKey', id } } }],
    })
  })
})

test('a key with an agent acts as the agent', async ({ acme }) => {
  const { data } = await acme.client.graphql<{ viewer: object }>('{ viewer { __typename id } }')
  expect(data.viewer).toEqual({ __typename: 'Agent', id: acme.agentId })
})

describe('a key that may only read', () => {
  const close =
    'mutation { setConversationStatus(input: { conversationId: "thd_1", status: CLOSED }) { cursor } }'

  test('reads through GraphQL and REST and writes through neither', async ({ gateway, acme }) => {
    const { client: caller } = await newClient(gateway, acme.id, { scopes: ['read'] })
    expect((await caller.graphql('{ viewer { id } }')).status).toBe(200)
    expect((await caller.rest('GET', list(acme))).status).toBe(200)
    const refused = await caller.graphql(close)
    expect(refused.status).toBe(403)
    expect(refused.errors).toEqual([{ message: expect.any(String), extensions: { code: 'FORBIDDEN' } }])
    const { status, body } = await caller.rest('PUT', `${list(acme)}/thd_1/status`, 'not JSON')
    expect(status).toBe(403)
    expect(body).toEqual({ statusCode: 403, error: 'Forbidden', message: refused.errors?.[0]?.message })
  })
})

test('a key that may only write does not read', async ({ gateway, acme }) => {
  const { client: caller } = await newClient(gateway, acme.id, { scopes: ['write'] })
  expect((await caller.graphql('{ viewer { id } }')).status).toBe(403)
  expect((await caller.rest('GET', list(acme))).status).toBe(403)
})

test('a key that may only write sees ids and the cursor of what it wrote, and nothing that these nest', async ({
  gateway,
  acme,
}) => {
  const { client: caller } = await newClient(gateway, acme.id, { scopes: ['write'] })
  const { id, cursor } = await newConversation(caller)
  expect([id, cursor]).toEqual([expect.stringMatching(/^thd_/), expect.any(String)])
  const reply = (selected: string) =>
    caller.graphql(
      `mutation ($id: ID!) { replyToConversation(input: { conversationId: $id, contentText: "Hi" }) { ${selected} } }`,
      { id },
    )
  for (const selected of [
    'conversation { subject }',
    'conversation { contact { id } }',
    'message { id text }',
    'message { conversation { messages { edges { node { text } } } } }',
    '... on ReplyToConversationPayload { conversation { ...a } } } } fragment a on Conversation { id contact { email ',
  ])
    expect(await reply(selected), selected).toMatchObject({
      status: 403,
      errors: [{ extensions: { code: 'FORBIDDEN' } }],
    })
  const seen = await reply(
    'conversation { __typename id } message { id } cursor replayed userErrors { code message path }',
  )
  expect(seen.errors).toBeUndefined()
  const created = await caller.rest('POST', list(acme), { email: 'jo@example.com', contentText: 'Hello' })
  expect([created.status, created.body.message.contentPreview]).toEqual([201, 'Hello'])
})

test('REST checks the key, then the workspace, then the scope, then the body', async ({ gateway, acme }) => {
  const readOnly = (await newClient(gateway, acme.id, { scopes: ['read'] })).client
  const statusOf = async (caller: ReturnType<typeof client>, path: string, body: unknown) =>
    (await caller.rest('PUT', path, body)).status
  const elsewhere = `/v1/workspaces/wrk_other/support/inbox/conversations/thd_1/status`
  const here = `${list(acme)}/thd_absent/status`
  expect(await statusOf(client(gateway.url, 'nope'), elsewhere, '{')).toBe(401)
  expect(await statusOf(readOnly, elsewhere, '{')).toBe(404)
  expect(await statusOf(readOnly, here, '{')).toBe(403)
  expect(await statusOf(acme.client, here, { status: 'DONE' })).toBe(400)
  expect(await statusOf(acme.client, here, { status: 'OPEN' })).toBe(404)
})
