import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { revokeKey } from '../src/domain/key/revoke.ts'
import {
  client,
  type Gateway,
  newClient,
  newConversation,
  newWorkspace,
  startGateway,
} from './support/gateway.ts'

let gateway: Gateway
let workspace: Awaited<ReturnType<typeof newWorkspace>>

beforeAll(async () => {
  gateway = await startGateway()
  workspace = await newWorkspace(gateway)
})
afterAll(() => gateway.close())

const list = () => `/v1/workspaces/${workspace.id}/support/inbox/conversations`
const ask = (authorization?: string) =>
  fetch(`${gateway.url}/graphql?query={viewer{id}}`, { headers: authorization ? { authorization } : {} })

describe('a key that is', () => {
  test.each([
    ['missing', undefined],
    ['unknown', 'Bearer cgw_unknown'],
    ['empty', 'Bearer '],
    ['of another scheme', 'Basic YTpi'],
    ['too long', `Bearer ${'x'.repeat(600)}`],
    ['not ASCII', 'Bearer caf\u00e9'],
  ])('%s is refused by both doors, each in its own shape', async (_, authorization) => {
    const graphql = await ask(authorization)
    expect(graphql.status).toBe(401)
    expect(graphql.headers.get('www-authenticate')).toBe('Bearer')
    expect(await graphql.json()).toEqual({
      errors: [{ message: 'Missing or invalid API key.', extensions: { code: 'UNAUTHENTICATED' } }],
    })
    const rest = await fetch(gateway.url + list(), { headers: authorization ? { authorization } : {} })
    expect(rest.status).toBe(401)
    expect(rest.headers.get('www-authenticate')).toBe('Bearer')
    expect(await rest.json()).toEqual({
      statusCode: 401,
      error: 'Unauthorized',
      message: 'Missing or invalid API key.',
    })
  })

  test('revoked or expired is refused from then on', async () => {
    const { id, client: caller } = await newClient(gateway, workspace.id)
    expect((await ask(caller.authorization)).status).toBe(200)
    await gateway.db.transaction().execute(writer => revokeKey(writer, workspace.id, id))
    expect((await ask(caller.authorization)).status).toBe(401)
    const expired = await newClient(gateway, workspace.id, { expiresAt: new Date(Date.now() - 1_000) })
    expect((await ask(expired.client.authorization)).status).toBe(401)
  })
})

describe('a key without an agent', () => {
  test('acts as itself, and stays readable as an actor after it was revoked', async () => {
    const { id, client: caller } = await newClient(gateway, workspace.id)
    const viewer = await caller.graphql<{ viewer: object }>('{ viewer { __typename id name } }')
    expect(viewer.data.viewer).toEqual({ __typename: 'ApiKey', id, name: 'extra' })
    const conversation = await newConversation(caller)
    await gateway.db.transaction().execute(writer => revokeKey(writer, workspace.id, id))
    const { data } = await workspace.client.graphql<{ conversation: { messages: object } }>(
      'query ($id: ID!) { conversation(id: $id) { messages { edges { node { author { __typename id } } } } } }',
      { id: conversation.id },
    )
    expect(data.conversation.messages).toEqual({
      edges: [{ node: { author: { __typename: 'ApiKey', id } } }],
    })
  })
})

test('a key with an agent acts as the agent', async () => {
  const { data } = await workspace.client.graphql<{ viewer: object }>('{ viewer { __typename id } }')
  expect(data.viewer).toEqual({ __typename: 'Agent', id: workspace.agentId })
})

describe('a key that may only read', () => {
  const close =
    'mutation { setConversationStatus(input: { conversationId: "thd_1", status: CLOSED }) { cursor } }'

  test('reads through both doors and writes through none', async () => {
    const { client: caller } = await newClient(gateway, workspace.id, { scopes: ['read'] })
    expect((await caller.graphql('{ viewer { id } }')).status).toBe(200)
    expect((await caller.rest('GET', list())).status).toBe(200)
    const refused = await caller.graphql(close)
    expect(refused.status).toBe(403)
    expect(refused.errors).toEqual([{ message: expect.any(String), extensions: { code: 'FORBIDDEN' } }])
    const { status, body } = await caller.rest('PUT', `${list()}/thd_1/status`, 'not even JSON')
    expect(status).toBe(403)
    expect(body).toEqual({ statusCode: 403, error: 'Forbidden', message: refused.errors?.[0]?.message })
  })
})

test('a key that may only write does not read', async () => {
  const { client: caller } = await newClient(gateway, workspace.id, { scopes: ['write'] })
  expect((await caller.graphql('{ viewer { id } }')).status).toBe(403)
  expect((await caller.rest('GET', list())).status).toBe(403)
  expect((await newConversation(caller)).id).toMatch(/^thd_/)
})

test('REST checks the key, then the workspace, then the scope, then the body', async () => {
  const readOnly = (await newClient(gateway, workspace.id, { scopes: ['read'] })).client
  const statusOf = async (caller: ReturnType<typeof client>, path: string, body: unknown) =>
    (await caller.rest('PUT', path, body)).status
  const elsewhere = `/v1/workspaces/wrk_other/support/inbox/conversations/thd_1/status`
  const here = `${list()}/thd_absent/status`
  expect(await statusOf(client(gateway.url, 'nope'), elsewhere, '{')).toBe(401)
  expect(await statusOf(readOnly, elsewhere, '{')).toBe(404)
  expect(await statusOf(readOnly, here, '{')).toBe(403)
  expect(await statusOf(workspace.client, here, { status: 'DONE' })).toBe(400)
  expect(await statusOf(workspace.client, here, { status: 'OPEN' })).toBe(404)
})
