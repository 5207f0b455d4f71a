import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, type Gateway, newConversation, newWorkspace, startGateway } from './support/gateway.ts'

let gateway: Gateway
let workspace: Awaited<ReturnType<typeof newWorkspace>>
let caller: Client
let conversationId: string

beforeAll(async () => {
  gateway = await startGateway()
  workspace = await newWorkspace(gateway)
  caller = workspace.client
  conversationId = (await newConversation(caller)).id
})
afterAll(() => gateway.close())

const create = `mutation ($input: CreateConversationInput!) {
  createConversation(input: $input) {
    conversation { id } contact { id email name } message { preview } cursor userErrors { code message path }
  }
}`

type Created = {
  createConversation: {
    conversation: { id: string } | null
    contact: { id: string; email: string; name: string | null } | null
    message: { preview: string } | null
    cursor: string | null
    userErrors: { code: string; message: string; path: string[] }[]
  }
}

const tryCreate = async (input: Record<string, unknown>) => {
  const { data, errors } = await caller.graphql<Created>(create, {
    input: { email: 'jane@example.com', contentText: 'Hello', ...input },
  })
  if (errors) throw new Error(JSON.stringify(errors))
  return data.createConversation
}

const rows = async () => {
  const conversations = await gateway.db.selectFrom('conversation').select('id').execute()
  const events = await gateway.db.selectFrom('event').select('seq').execute()
  return [conversations.length, events.length]
}

const over = (limit: number) => '😀'.repeat(limit + 1)

describe('createConversation refuses, and writes nothing for,', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['an address without a host', { email: 'jane' }, 'email'],
    ['two addresses in one', { email: 'jane@example.com, eve@example.com' }, 'email'],
    ['an address with a line break', { email: 'jane@example.com\r\nBcc: eve@example.com' }, 'email'],
    ['an address with a NUL byte', { email: 'ja\0ne@example.com' }, 'email'],
    ['an address too long for SMTP', { email: `${'x'.repeat(250)}@example.com` }, 'email'],
    ['an empty text', { contentText: '' }, 'contentText'],
    ['a blank text', { contentText: ' \n\t ' }, 'contentText'],
    ['a text over 100,000 characters', { contentText: over(100_000) }, 'contentText'],
    ['a text with a NUL byte', { contentText: 'a\0b' }, 'contentText'],
    ['a text with half a character', { contentText: 'a\ud800b' }, 'contentText'],
    ['a subject over 998 characters', { subject: over(998) }, 'subject'],
    ['a subject that forges headers', { subject: 'Hi\r\nBcc: eve@example.com' }, 'subject'],
    ['a name over 200 characters', { name: over(200) }, 'name'],
    ['a name with a line break', { name: 'Jane\nDoe' }, 'name'],
  ])('%s', async (_, input, field) => {
    const before = await rows()
    const { conversation, cursor, userErrors } = await tryCreate(input)
    expect({ conversation, cursor }).toEqual({ conversation: null, cursor: null })
    expect(userErrors).toEqual([
      { code: 'INVALID_INPUT', path: ['input', field], message: expect.stringContaining(field) },
    ])
    expect(await rows()).toEqual(before)
  })

  test('every field at fault, named at once', async () => {
    const { userErrors } = await tryCreate({ email: 'jane', contentText: '', subject: 'a\nb' })
    expect(userErrors.map(({ path }) => path[1])).toEqual(['email', 'subject', 'contentText'])
  })

  test.each([['chn_unknown'], ['thd_1'], ['x'], [''], ['chn_\0']])('the channel %j', async channelId => {
    const { userErrors } = await tryCreate({ channelId })
    expect(userErrors).toEqual([
      { code: 'NOT_FOUND', path: ['input', 'channelId'], message: 'Channel not found.' },
    ])
  })
})

describe('createConversation takes', () => {
  test('the longest text, subject and name, counted in code points', async () => {
    const [contentText, subject, name] = ['😀'.repeat(100_000), '😀'.repeat(998), '😀'.repeat(200)]
    const { conversation, userErrors } = await tryCreate({
      email: 'long@example.com',
      contentText,
      subject,
      name,
    })
    expect(userErrors).toEqual([])
    const { data } = await caller.graphql<{ conversation: object }>(
      'query ($id: ID!) { conversation(id: $id) { subject contact { name } messages { edges { node { text } } } } }',
      { id: conversation?.id },
    )
    expect(data.conversation).toEqual({
      subject,
      contact: { name },
      messages: { edges: [{ node: { text: contentText } }] },
    })
  })

  test.each(['a&b@example.com', 'user%x@example.org', "o'hara+tag@mail.example.co.uk"])(
    'the address %s',
    async email => {
      expect((await tryCreate({ email })).contact?.email).toBe(email)
    },
  )

  test('one contact for one address, whatever its case and the space around it', async () => {
    const first = await tryCreate({ email: ' Mary.Major@Example.com ' })
    const named = await tryCreate({ email: 'mary.major@example.com', name: 'Mary' })
    const renamed = await tryCreate({ email: 'MARY.MAJOR@EXAMPLE.COM', name: 'Somebody else' })
    expect(first.contact).toEqual({ id: first.contact?.id, email: 'Mary.Major@Example.com', name: null })
    expect(named.contact).toEqual({ ...first.contact, name: 'Mary' })
    expect(renamed.contact).toEqual({ ...first.contact, name: 'Mary' })
    const { data } = await caller.graphql<{ contactByEmail: { id: string } }>(
      '{ contactByEmail(email: " mary.MAJOR@example.com") { id } none: contactByEmail(email: "no\\u0000body") { id } }',
    )
    expect(data).toEqual({ contactByEmail: { id: first.contact?.id }, none: null })
  })
})

describe('a status', () => {
  const set = (id: string, status: string) =>
    caller.graphql<{ setConversationStatus: object }>(
      `mutation ($id: ID!) { setConversationStatus(input: { conversationId: $id, status: ${status} }) {
        conversation { status } cursor userErrors { code message path } } }`,
      { id },
    )

  test('may follow any other, and the same one changes nothing', async () => {
    const { id } = await newConversation(caller)
    for (const status of ['ARCHIVED', 'OPEN', 'CLOSED', 'ARCHIVED', 'CLOSED', 'OPEN']) {
      const { data } = await set(id, status)
      expect(data.setConversationStatus).toEqual({
        conversation: { status },
        cursor: expect.any(String),
        userErrors: [],
      })
    }
    const before = await rows()
    const { data } = await set(id, 'OPEN')
    expect(data.setConversationStatus).toEqual({
      conversation: { status: 'OPEN' },
      cursor: null,
      userErrors: [],
    })
    expect(await rows()).toEqual(before)
  })

  test.each(['thd_unknown', 'ctc_1', 'x', '', 'thd_\0', `thd_${'x'.repeat(5_000)}`])(
    'of %.20j is NOT_FOUND',
    async id => {
      const { data } = await set(id, 'OPEN')
      expect(data.setConversationStatus).toEqual({
        conversation: null,
        cursor: null,
        userErrors: [
          { code: 'NOT_FOUND', message: 'Conversation not found.', path: ['input', 'conversationId'] },
        ],
      })
    },
  )

  test('that is none is refused before anything runs', async () => {
    const { errors, data } = await set(conversationId, 'DONE')
    expect(errors?.[0]?.extensions.code).toBe('INVALID_INPUT')
    expect(data).toBeUndefined()
  })
})

test('a second change in one request answers with lists as they are after it', async () => {
  const { id } = await newConversation(caller, 'twice@example.com')
  const change = (
    status: string,
  ) => `setConversationStatus(input: { conversationId: "${id}", status: ${status} }) {
    conversation { contact { conversations(filter: { status: [OPEN] }) { totalCount edges { node { id } } } } }
  }`
  const { data } = await caller.graphql(`mutation { a: ${change('CLOSED')} b: ${change('OPEN')} }`)
  const answer = (ids: string[]) => ({
    conversation: {
      contact: {
        conversations: { totalCount: ids.length, edges: ids.map(each => ({ node: { id: each } })) },
      },
    },
  })
  expect(data).toEqual({ a: answer([]), b: answer([id]) })
})

describe('an assignment', () => {
  const assign = (input: object) =>
    caller.graphql<{ assignConversation: object }>(
      `mutation ($input: AssignConversationInput!) { assignConversation(input: $input) {
        conversation { assignedTo { id } } cursor userErrors { code message path } } }`,
      { input: { conversationId, ...input } },
    )

  test('goes to an agent and back to nobody, and repeated changes nothing', async () => {
    const { agentId } = workspace
    const assigned = { conversation: { assignedTo: { id: agentId } }, userErrors: [] }
    expect((await assign({ agentId })).data.assignConversation).toEqual({
      ...assigned,
      cursor: expect.any(String),
    })
    expect((await assign({ agentId })).data.assignConversation).toEqual({ ...assigned, cursor: null })
    expect((await assign({ agentId: null })).data.assignConversation).toEqual({
      conversation: { assignedTo: null },
      cursor: expect.any(String),
      userErrors: [],
    })
  })

  test('without agentId is refused, so that nobody unassigns by accident', async () => {
    expect((await assign({})).data.assignConversation).toMatchObject({
      userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'agentId'] }],
    })
  })

  test.each(['agt_unknown', 'ctc_1', 'x', ''])('to %j is NOT_FOUND', async agentId => {
    expect((await assign({ agentId })).data.assignConversation).toMatchObject({
      userErrors: [{ code: 'NOT_FOUND', message: 'Agent not found.', path: ['input', 'agentId'] }],
    })
  })
})

describe('a filter', () => {
  const ask = (filter: string) =>
    caller.graphql<{ conversations: { totalCount: number; edges: unknown[] } }>(
      `{ conversations(first: 100, filter: ${filter}) { totalCount edges { node { id } } } }`,
    )
  const total = async (filter: string) => {
    const { data } = await ask(filter)
    expect(data.conversations.edges).toHaveLength(data.conversations.totalCount)
    return data.conversations.totalCount
  }

  test('that is null filters nothing, and an empty list matches nothing', async () => {
    const all = await total('{}')
    expect(all).toBeGreaterThan(0)
    expect(await total('{ status: null, source: null, isUnread: null, lastMessageAt: null }')).toBe(all)
    for (const field of ['status', 'source', 'assignedToId', 'contactId', 'channelId'])
      expect(await total(`{ ${field}: [] }`), field).toBe(0)
  })

  test('holds in all its fields at once', async () => {
    const all = await total('{}')
    expect(await total('{ isAssigned: false, isUnread: false, source: [EMAIL, CHAT] }')).toBe(all)
    expect(await total('{ isAssigned: true }')).toBe(0)
    expect(await total('{ isUnread: true }')).toBe(0)
    expect(await total('{ source: [FORM] }')).toBe(0)
    expect(await total(`{ channelId: ["${workspace.channelId}"] }`)).toBe(all)
    expect(await total('{ createdAt: { from: "2020-01-01T00:00:00Z" } }')).toBe(all)
    expect(await total('{ createdAt: { before: "2020-01-01T00:00:00+02:00" } }')).toBe(0)
    expect(
      await total('{ lastMessageAt: { from: "2020-01-01T00:00:00Z", before: "2020-01-01T00:00:00Z" } }'),
    ).toBe(0)
  })

  test('by ids that are unknown, malformed or of another type matches nothing, without error', async () => {
    expect(await total('{ contactId: ["ctc_unknown", "x", "", "thd_1", "ctc_\\u0000"] }')).toBe(0)
  })

  test('of more than 100 values, or of a time that is none, is refused', async () => {
    const many = await ask(`{ contactId: [${'"ctc_1",'.repeat(101)}] }`)
    expect(many.errors?.[0]?.extensions).toEqual({ code: 'INVALID_INPUT', path: ['filter', 'contactId'] })
    for (const time of ['yesterday', '2025-02-30T00:00:00Z', '2025-01-01'])
      expect((await ask(`{ createdAt: { from: "${time}" } }`)).errors?.[0]?.extensions.code, time).toBe(
        'INVALID_INPUT',
      )
  })
})

test('nodes answers in the order asked, null where there is nothing, and at most 100', async () => {
  const ids = [conversationId, 'thd_unknown', 'x', workspace.agentId, workspace.id]
  const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }'
  const { data } = await caller.graphql<{ nodes: unknown[] }>(query, { ids })
  expect(data.nodes).toEqual([
    { __typename: 'Conversation', id: conversationId },
    null,
    null,
    { __typename: 'Agent', id: workspace.agentId },
    { __typename: 'Workspace', id: workspace.id },
  ])
  const { errors } = await caller.graphql(query, { ids: Array.from({ length: 101 }, () => 'x') })
  expect(errors?.[0]?.extensions).toEqual({ code: 'INVALID_INPUT', path: ['ids'] })
})

describe('the REST paths', () => {
  const inbox = () => `/v1/workspaces/${workspace.id}/support/inbox`
  const refusal = (statusCode: number, error: string, message: string) => ({
    status: statusCode,
    body: { statusCode, error, message },
  })

  test.each([
    ['status=DONE', 'Invalid status. Must be one of: OPEN, CLOSED, ARCHIVED.'],
    ['status=', 'Invalid status. Must be one of: OPEN, CLOSED, ARCHIVED.'],
    ['status=OPEN&status=CLOSED', 'Invalid status. Must be one of: OPEN, CLOSED, ARCHIVED.'],
    ['limit=0', 'Invalid limit. Must be an integer from 1 to 100.'],
    ['limit=101', 'Invalid limit. Must be an integer from 1 to 100.'],
    ['limit=1.5', 'Invalid limit. Must be an integer from 1 to 100.'],
    ['limit=', 'Invalid limit. Must be an integer from 1 to 100.'],
    ['limit=5&limit=6', 'Invalid limit. Must be an integer from 1 to 100.'],
    ['cursor=nonsense', 'Invalid cursor.'],
    ['cursor=', 'Invalid cursor.'],
  ])('refuse a list with ?%s', async (query, message) => {
    expect(await caller.rest('GET', `${inbox()}/conversations?${query}`)).toMatchObject(
      refusal(400, 'Bad Request', message),
    )
  })

  test('page by the Link header, which keeps the other parameters', async () => {
    const first = await caller.rest('GET', `${inbox()}/conversations?limit=1&unknown=kept&status=OPEN`)
    expect(first.body.conversations.hasMore).toBe(true)
    const link = /^<(\?[^>]+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    expect(new URLSearchParams(link).get('unknown')).toBe('kept')
    const second = await caller.rest('GET', `${inbox()}/conversations${link}`)
    expect(second.body.conversations.items).toHaveLength(1)
    expect(second.body.conversations.items[0].id).not.toBe(first.body.conversations.items[0].id)
    const last = await caller.rest('GET', `${inbox()}/conversations?limit=100`)
    expect(last.body.conversations.hasMore).toBe(false)
    expect(last.headers.get('link')).toBeNull()
  })

  test('hide archived conversations from the list, and show them in the history', async () => {
    const { id, contactId } = await newConversation(caller, 'archive@example.com')
    await caller.rest('PUT', `${inbox()}/conversations/${id}/status`, { status: 'ARCHIVED' })
    const ids = (body: { conversations: { items: { id: string }[] } }) =>
      body.conversations.items.map(item => item.id)
    expect(ids((await caller.rest('GET', `${inbox()}/conversations?limit=100`)).body)).not.toContain(id)
    expect(ids((await caller.rest('GET', `${inbox()}/conversations?status=ARCHIVED`)).body)).toEqual([id])
    expect(ids((await caller.rest('GET', `${inbox()}/customers/${contactId}/conversations`)).body)).toEqual([
      id,
    ])
  })

  test.each<[string, string, string, unknown, number, string, string]>([
    [
      'an unknown contact',
      'GET',
      '/customers/ctc_nope/conversations',
      undefined,
      404,
      'Not Found',
      'Contact not found.',
    ],
    [
      'an id that is none',
      'PUT',
      '/conversations/x%00/status',
      { status: 'OPEN' },
      404,
      'Not Found',
      'Conversation not found.',
    ],
    [
      'an unknown agent',
      'PUT',
      '/conversations/ID/assign',
      { agentId: 'agt_nope' },
      404,
      'Not Found',
      'Agent not found.',
    ],
    [
      'an assignment without agentId',
      'PUT',
      '/conversations/ID/assign',
      {},
      400,
      'Bad Request',
      'agentId must be given; null unassigns.',
    ],
    [
      'an agentId that is a number',
      'PUT',
      '/conversations/ID/assign',
      { agentId: 5 },
      400,
      'Bad Request',
      'agentId must be text or null.',
    ],
    [
      'a status that is missing',
      'PUT',
      '/conversations/ID/status',
      {},
      400,
      'Bad Request',
      'Invalid status. Must be one of: OPEN, CLOSED, ARCHIVED.',
    ],
    [
      'a status in a list',
      'PUT',
      '/conversations/ID/status',
      { status: ['OPEN'] },
      400,
      'Bad Request',
      'Invalid status. Must be one of: OPEN, CLOSED, ARCHIVED.',
    ],
    [
      'a body that is null',
      'PUT',
      '/conversations/ID/status',
      'null',
      400,
      'Bad Request',
      'The body must be a JSON object.',
    ],
    [
      'a create without an address',
      'POST',
      '/conversations',
      { contentText: 'Hi' },
      400,
      'Bad Request',
      'email must be given.',
    ],
    [
      'a create with a bad address',
      'POST',
      '/conversations',
      { email: 'jane', contentText: 'Hi' },
      400,
      'Bad Request',
      'email must be an e-mail address.',
    ],
    [
      'a create with a number',
      'POST',
      '/conversations',
      { email: 'a@example.com', contentText: 5 },
      400,
      'Bad Request',
      'contentText must be text.',
    ],
  ])('refuse %s', async (_, method, path, body, status, error, message) => {
    const before = await rows()
    const answer = await caller.rest(method, inbox() + path.replace('ID', conversationId), body)
    expect(answer).toMatchObject(refusal(status, error, message))
    expect(await rows()).toEqual(before)
  })
})
