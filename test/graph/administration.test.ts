import { expect } from 'vitest'
import { type Client, client, newClient, newConversation, newWorkspace } from '../support/gateway.ts'
import { conversationEvents, type LiveEvent, overSocket, socketClient } from '../support/live.ts'
import { test as base, subscribed } from '../support/live-fixtures.ts'
import { expectSound } from '../support/recount.ts'

const test = base.extend('admin', async ({ gateway, acme }) => {
  const { client } = await newClient(gateway, acme.id, { scopes: ['read', 'write', 'admin'] })
  return client
})

type Answered = { userErrors: { code: string; path: string[] }[] } & Record<string, unknown>

async function run(from: Client, mutation: string, type: string, input: object, selection: string) {
  const { data, errors } = await from.graphql<Record<string, Answered>>(
    `mutation ($input: ${type}!) { payload: ${mutation}(input: $input) { ${selection} userErrors { code path } } }`,
    { input },
  )
  if (errors) throw new Error(JSON.stringify(errors))
  return data.payload as Answered
}

/** A key that has ended may read for 5 seconds more. */
const endedKey = (from: Client) =>
  expect
    .poll(async () => (await from.graphql('{ viewer { id } }')).errors?.[0]?.extensions.code, {
      timeout: 15_000,
    })
    .toBe('UNAUTHENTICATED')

const createAgent = (from: Client, input: object) =>
  run(from, 'createAgent', 'CreateAgentInput', input, 'agent { id name email isActive }')

const assign = (from: Client, conversationId: string, agentId: string) =>
  run(
    from,
    'assignConversation',
    'AssignConversationInput',
    { conversationId, agentId },
    'conversation { id }',
  )

test('agents are created and renamed', async ({ acme, admin }) => {
  const { agent } = await createAgent(admin, { name: 'Bo', email: 'bo@acme.test' })
  const { id } = agent as { id: string }
  expect(agent).toEqual({ id, name: 'Bo', email: 'bo@acme.test', isActive: true })
  expect(await createAgent(admin, { email: 'BO@acme.test' })).toMatchObject({
    agent: null,
    userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'email'] }],
  })
  const rename = (agentId: string, name: string) =>
    run(admin, 'renameAgent', 'RenameAgentInput', { agentId, name }, 'agent { name }')
  expect(await rename(id, ' Bob ')).toMatchObject({ agent: { name: 'Bob' } })
  expect(await rename(id, ' ')).toMatchObject({
    userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'name'] }],
  })
  expect(await rename('agt_unknown', 'Bob')).toMatchObject({
    userErrors: [{ code: 'NOT_FOUND', path: ['input', 'agentId'] }],
  })
  const { data } = await acme.client.graphql<{ agents: { edges: { node: { name: string } }[] } }>(
    '{ agents { edges { node { name } } } }',
  )
  expect(data.agents.edges.map(({ node }) => node.name)).toEqual(['Ada', 'Bob'])
})

test('a deactivated agent loses its conversations, each with its event, and nothing can be assigned to it', async ({
  gateway,
  acme,
  admin,
}) => {
  const { agent } = await createAgent(admin, { name: 'Bo', email: 'bo@acme.test' })
  const { id: agentId } = agent as { id: string }
  const key = await run(
    admin,
    'createApiKey',
    'CreateApiKeyInput',
    { name: 'of Bo', scopes: ['READ', 'WRITE'], agentId },
    'secret apiKey { id scopes agent { id } revokedAt }',
  )
  expect(key).toMatchObject({
    apiKey: { scopes: ['READ', 'WRITE'], agent: { id: agentId }, revokedAt: null },
  })
  const ofBo = client(gateway.url, key.secret as string)
  const ids: string[] = []
  for (const email of ['one@example.com', 'two@example.com', 'three@example.com']) {
    const { id } = await newConversation(ofBo, email)
    await assign(acme.client, id, agentId)
    ids.push(id)
  }
  const heard = overSocket<LiveEvent>(socketClient(acme.client), conversationEvents)
  await subscribed(gateway, 1)
  const deactivate = () =>
    run(
      admin,
      'deactivateAgent',
      'DeactivateAgentInput',
      { agentId },
      'agent { isActive conversationCounts { open } } cursor',
    )
  const deactivated = await deactivate()
  expect(deactivated).toMatchObject({
    agent: { isActive: false, conversationCounts: { open: 0 } },
    userErrors: [],
  })
  const events = (await heard.until(3)).slice(-3)
  expect(events.map(({ conversation }) => conversation.id).sort()).toEqual(ids.toSorted())
  expect(events.at(-1)?.cursor).toBe(deactivated.cursor)
  expect(await deactivate()).toMatchObject({ cursor: null, userErrors: [] })

  const refused = { userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'agentId'] }] }
  expect(await assign(acme.client, ids[0] ?? '', agentId)).toMatchObject(refused)
  const many = { conversationIds: ids, agentId }
  expect(
    await run(
      acme.client,
      'updateConversations',
      'UpdateConversationsInput',
      many,
      'results { conversation { id } }',
    ),
  ).toMatchObject(refused)
  expect(
    await run(admin, 'createApiKey', 'CreateApiKeyInput', { name: 'k', scopes: ['READ'], agentId }, 'secret'),
  ).toMatchObject({ secret: null, ...refused })
  await endedKey(ofBo)
  await expectSound(gateway.db, acme)
})

test('an agent that is deactivated while others assign to it ends with nothing', async ({
  gateway,
  acme,
  admin,
}) => {
  const { agent } = await createAgent(admin, { name: 'Bo', email: 'bo@acme.test' })
  const { id: agentId } = agent as { id: string }
  const ids: string[] = []
  for (let index = 0; index < 10; index++)
    ids.push((await newConversation(acme.client, `contact${index}@example.com`)).id)
  await Promise.all([
    ...ids.map(id => assign(acme.client, id, agentId)),
    ...[0, 1, 2].map(from =>
      run(
        acme.client,
        'updateConversations',
        'UpdateConversationsInput',
        { conversationIds: ids.slice(from).reverse(), agentId },
        'cursor',
      ),
    ),
    run(admin, 'deactivateAgent', 'DeactivateAgentInput', { agentId }, 'cursor'),
  ])
  const left = await gateway.db
    .selectFrom('conversation')
    .select('id')
    .where('assigned_to_id', '=', agentId)
    .execute()
  expect(left).toEqual([])
  await expectSound(gateway.db, acme)
})

test('channels are created and renamed', async ({ admin }) => {
  const create = (input: object) =>
    run(admin, 'createChannel', 'CreateChannelInput', input, 'channel { id name source address }')
  const { channel } = await create({ name: 'Post', source: 'EMAIL', address: 'post@acme.test' })
  const { id } = channel as { id: string }
  expect(channel).toEqual({ id, name: 'Post', source: 'EMAIL', address: 'post@acme.test' })
  expect(await create({ name: 'Post', source: 'EMAIL' })).toMatchObject({
    channel: null,
    userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'address'] }],
  })
  const rename = (channelId: string, name: string) =>
    run(admin, 'renameChannel', 'RenameChannelInput', { channelId, name }, 'channel { name }')
  expect(await rename(id, 'Mail')).toMatchObject({ channel: { name: 'Mail' } })
  expect(await rename('chn_unknown', 'Mail')).toMatchObject({
    userErrors: [{ code: 'NOT_FOUND', path: ['input', 'channelId'] }],
  })
})

test('keys are created, listed and revoked, and the secret is returned once', async ({ gateway, admin }) => {
  const create = (input: object) =>
    run(admin, 'createApiKey', 'CreateApiKeyInput', input, 'secret apiKey { id name scopes expiresAt }')
  const expiresAt = '2099-01-01T00:00:00.000Z'
  const { secret, apiKey } = await create({ name: 'ci', scopes: ['READ'], expiresAt })
  const { id } = apiKey as { id: string }
  expect(apiKey).toEqual({ id, name: 'ci', scopes: ['READ'], expiresAt })
  const own = client(gateway.url, secret as string)
  expect((await own.graphql('{ viewer { id } }')).data).toEqual({ viewer: { id } })
  expect(await create({ name: ' ', scopes: ['READ'] })).toMatchObject({
    secret: null,
    userErrors: [{ path: ['input', 'name'] }],
  })
  expect(await create({ name: 'ci', scopes: [] })).toMatchObject({
    secret: null,
    userErrors: [{ path: ['input', 'scopes'] }],
  })
  const listed = async () => {
    const { data } = await admin.graphql<{
      apiKeys: { edges: { node: { id: string; revokedAt: string | null } }[] }
    }>('{ apiKeys { edges { node { id revokedAt } } } }')
    return data.apiKeys.edges.find(({ node }) => node.id === id)?.node
  }
  expect(await listed()).toEqual({ id, revokedAt: null })
  const revoke = (apiKeyId: string) =>
    run(admin, 'revokeApiKey', 'RevokeApiKeyInput', { apiKeyId }, 'apiKey { id revokedAt }')
  const { apiKey: revoked } = await revoke(id)
  expect(revoked).toEqual({ id, revokedAt: expect.any(String) })
  expect(await revoke(id)).toMatchObject({ apiKey: revoked })
  expect(await listed()).toEqual(revoked)
  expect(await revoke('key_unknown')).toMatchObject({
    userErrors: [{ code: 'NOT_FOUND', path: ['input', 'apiKeyId'] }],
  })
  await endedKey(own)
})

test('only a key with the scope admin administers, and it needs no other to do so', async ({
  gateway,
  acme,
}) => {
  const refused = async (from: Client, query: string) =>
    (await from.graphql(query)).errors?.map(({ message, extensions }) => [extensions.code, message])
  const message = 'This key may not administer: it lacks the scope "admin".'
  for (const query of [
    'mutation { createAgent(input: { email: "x@acme.test" }) { userErrors { code } } }',
    'mutation { deactivateAgent(input: { agentId: "agt_x" }) { userErrors { code } } }',
    'mutation { createChannel(input: { name: "x", source: CHAT }) { userErrors { code } } }',
    'mutation { createApiKey(input: { name: "x", scopes: [ADMIN] }) { secret } }',
    'mutation { revokeApiKey(input: { apiKeyId: "key_x" }) { userErrors { code } } }',
    '{ viewer { id } ...Keys } fragment Keys on Query { keys: apiKeys { edges { node { id } } } }',
  ])
    expect(await refused(acme.client, query), query).toEqual([['FORBIDDEN', message]])
  const only = (await newClient(gateway, acme.id, { scopes: ['admin'] })).client
  const created = await only.graphql(
    'mutation { createAgent(input: { email: "y@acme.test" }) { agent { id } userErrors { code } } }',
  )
  expect(created.errors).toBeUndefined()
  expect(await refused(only, '{ viewer { id } }')).toEqual([
    ['FORBIDDEN', 'This key may not read: it lacks the scope "read".'],
  ])
  expect(await refused(only, '{ apiKeys { edges { node { id } } } }')).toHaveLength(1)
  expect(
    await refused(
      only,
      'mutation { addNote(input: { conversationId: "thd_x", contentText: "x" }) { cursor } }',
    ),
  ).toHaveLength(1)
})

test('an agent of another workspace is not found', async ({ gateway, admin }) => {
  const other = await newWorkspace(gateway)
  for (const [mutation, type, input] of [
    ['renameAgent', 'RenameAgentInput', { agentId: other.agentId, name: 'X' }],
    ['deactivateAgent', 'DeactivateAgentInput', { agentId: other.agentId }],
    ['renameChannel', 'RenameChannelInput', { channelId: other.channelId, name: 'X' }],
  ] as const)
    expect(await run(admin, mutation, type, input, '')).toMatchObject({ userErrors: [{ code: 'NOT_FOUND' }] })
})
