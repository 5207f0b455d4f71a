import { describe, expect } from 'vitest'
import { insertRecords } from '../../src/demo/insert-records.ts'
import { newId } from '../../src/domain/id.ts'
import { test as base } from '../support/fixtures.ts'
import { type Client, type Gateway, newConversation, newWorkspace } from '../support/gateway.ts'

const begin = Date.UTC(2025, 0, 1)

/** A workspace with this number of conversations, seven each of the same time, and their ids, newest first. */
async function filled(gateway: Gateway, count: number) {
  const workspace = await newWorkspace(gateway)
  const contactId = newId('contact')
  const stories = Array.from({ length: count }, (_, index) => {
    const id = newId('conversation')
    const at = new Date(begin + Math.floor(index / 7) * 1_000)
    return {
      conversation: {
        id,
        contact_id: contactId,
        channel_id: null,
        assigned_to_id: workspace.agentId,
        status: 'OPEN' as const,
        source: 'EMAIL' as const,
        subject: null,
        is_unread: false,
      },
      messages: [
        { id: newId('message'), direction: 'INBOUND' as const, text: 'Hi', author_id: contactId, at },
      ],
    }
  })
  const contacts = [{ id: contactId, email: 'list@example.com', created_at: new Date(begin) }]
  await gateway.db
    .transaction()
    .execute(writer => insertRecords(writer, workspace.id, { agents: [], channels: [], contacts, stories }))
  const newestFirst = stories
    .map(({ conversation: { id }, messages }) => ({ id, at: messages[0]?.at.getTime() ?? 0 }))
    .sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
  return { ...workspace, contactId, ids: newestFirst.map(({ id }) => id) }
}

type List = {
  edges: { cursor: string; node: { id: string } }[]
  pageInfo: {
    hasNextPage: boolean
    hasPreviousPage: boolean
    startCursor: string | null
    endCursor: string | null
  }
}

const fields = 'edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }'

async function list(caller: Client, args: string): Promise<List> {
  const { data, errors } = await caller.graphql<{ conversations: List }>(
    `{ conversations(${args}) { ${fields} } }`,
  )
  if (errors) throw new Error(JSON.stringify(errors))
  return data.conversations
}

/** Walks a list to its end, and does something between pages. */
async function walk(
  caller: Client,
  args: string,
  way: 'forward' | 'backward',
  between: () => Promise<unknown>,
) {
  const ids: string[] = []
  let cursor: string | null = null
  for (let pages = 0; pages < 200; pages++) {
    const from = cursor ? `, ${way === 'forward' ? 'after' : 'before'}: "${cursor}"` : ''
    const { edges, pageInfo } = await list(caller, args + from)
    const page = edges.map(({ node }) => node.id)
    expect(pageInfo[way === 'forward' ? 'hasPreviousPage' : 'hasNextPage']).toBe(cursor !== null)
    if (way === 'forward') ids.push(...page)
    else ids.unshift(...page)
    if (!pageInfo[way === 'forward' ? 'hasNextPage' : 'hasPreviousPage']) return ids
    cursor = way === 'forward' ? pageInfo.endCursor : pageInfo.startCursor
    await between()
  }
  throw new Error('The list has no end.')
}

const test = base
  .extend('thousand', { scope: 'file' }, ({ gateway }) => filled(gateway, 1_000))
  .extend('three', { scope: 'file' }, ({ gateway }) => filled(gateway, 3))

describe('1,000 conversations, seven each of the same time', () => {
  test.for([
    ['forward', 'first: 37'],
    ['backward', 'last: 41'],
    ['forward', 'first: 100, orderBy: { field: CREATED_AT, direction: ASC }'],
    ['backward', 'last: 100, orderBy: { field: CREATED_AT, direction: DESC }'],
  ] as const)(
    'paged %s by %s with inserts in between: nothing twice, nothing missing',
    async ([way, args], { gateway }) => {
      const workspace = await filled(gateway, 1_000)
      const { client: caller } = workspace
      const start = new Set((await walk(caller, 'first: 100', 'forward', async () => {})).sort())
      const seen = await walk(caller, args, way, () => newConversation(caller))
      expect(new Set(seen).size).toBe(seen.length)
      expect(seen.filter(id => start.has(id)).sort()).toEqual([...start].sort())
      const inserted = new Set(workspace.ids)
      const ascending = args.includes('ASC')
      expect(seen.filter(id => inserted.has(id))).toEqual(
        ascending ? workspace.ids.toReversed() : workspace.ids,
      )
    },
  )

  test("an agent's and a contact's own lists page the same way", async ({ thousand: workspace }) => {
    const nested = async (type: string, id: string, args: string) => {
      const query = `query ($id: ID!) { node(id: $id) { ... on ${type} { conversations(${args}) { ${fields} } } } }`
      const { data } = await workspace.client.graphql<{ node: { conversations: List } }>(query, { id })
      return data.node.conversations
    }
    for (const [type, id] of [
      ['Agent', workspace.agentId],
      ['Contact', workspace.contactId],
    ] as const) {
      const first = await nested(type, id, 'first: 10')
      const next = await nested(type, id, `first: 10, after: "${first.pageInfo.endCursor}"`)
      const back = await nested(type, id, `last: 5, before: "${next.pageInfo.startCursor}"`)
      const ids = (page: List) => page.edges.map(({ node }) => node.id)
      expect([...ids(first), ...ids(next)]).toEqual(workspace.ids.slice(0, 20))
      expect(ids(back)).toEqual(workspace.ids.slice(5, 10))
    }
  })
})

describe('a page', () => {
  test('that is empty has null cursors', async ({ three: { client: caller } }) => {
    expect(await list(caller, 'filter: { status: [ARCHIVED] }')).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    })
  })

  test('before a cursor counts from the end', async ({ three: { client: caller } }) => {
    const all = await list(caller, 'first: 3')
    const page = await list(caller, `before: "${all.edges[2]?.cursor}"`)
    expect(page.edges).toEqual(all.edges.slice(0, 2))
    expect(page.pageInfo.hasNextPage).toBe(true)
  })

  const refused = async (caller: Client, args: string) => {
    const { errors } = await caller.graphql(`{ conversations(${args}) { edges { cursor } } }`)
    return errors?.[0]?.extensions
  }

  test.for<[string, string]>([
    ['first: 0', 'first'],
    ['first: 101', 'first'],
    ['last: -1', 'last'],
    ['first: 1, last: 1', 'last'],
  ])('with %s is refused, never clamped', async ([args, argument], { three: { client: caller } }) => {
    expect(await refused(caller, args)).toEqual({ code: 'INVALID_INPUT', path: [argument] })
  })

  test('refuses the cursor of another list', async ({ three: { client: caller } }) => {
    const own = (await list(caller, 'first: 1')).edges[0]?.cursor ?? ''
    const other = 'orderBy: { field: CREATED_AT, direction: DESC }'
    const foreign = Buffer.from('conversations>last_message_at>DESC:zzzzzzzzz0:thd_1').toString('base64url')
    expect(await refused(caller, `first: 1, after: "${own}"`)).toBeUndefined()
    for (const args of [
      `after: "${own}", ${other}`,
      `before: "${own}", orderBy: { field: LAST_MESSAGE_AT, direction: ASC }`,
      `after: "${own}="`,
      `after: "nonsense"`,
      `after: ""`,
      `after: "${foreign}"`,
    ])
      expect(await refused(caller, args), args).toMatchObject({ code: 'BAD_CURSOR' })
  })
})

describe('the messages of a conversation', () => {
  test('page oldest first, and by direction', async ({ gateway }) => {
    const { client: caller, ids } = await filled(gateway, 1)
    const count = async (args: string) => {
      const query = `query ($id: ID!) { conversation(id: $id) { messages${args} { edges { node { id } } } } }`
      const { data } = await caller.graphql<{ conversation: { messages: List } }>(query, { id: ids[0] })
      return data.conversation.messages.edges.length
    }
    expect(await count('')).toBe(1)
    expect(await count('(direction: [INBOUND, NOTE])')).toBe(1)
    expect(await count('(direction: [OUTBOUND])')).toBe(0)
    expect(await count('(direction: [])')).toBe(0)
  })
})
