import { describe, expect } from 'vitest'
import { test as base, startedWith } from '../support/fixtures.ts'
import { type Client, newClient, newConversation } from '../support/gateway.ts'

const test = startedWith(base, {
  limits: { maxCostPerMinute: 10_000, maxDocumentCharactersPerMinute: 50_000 },
})

const nested = `{ agents(first: 100) { edges { node { conversations(first: 100) { edges { node { assignedTo {
  conversations(first: 100) { edges { node { assignedTo { conversations(first: 100) { edges { node { id } } } } } } } } } } } } } } }`

type Cost = { requested: number; actual: number; limit: number }

/** The cost of a query as the response tells it. */
async function costOf({ url, authorization }: Client, query: string, variables = {}): Promise<Cost> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization, 'x-query-cost': '1' },
    body: JSON.stringify({ query, variables }),
  })
  const { extensions } = (await response.json()) as { extensions: { cost: Cost } }
  return extensions.cost
}

describe('an operation that may cost more than the limit', () => {
  test('is refused before anything is read, with its cost, the limit and its most expensive part', async ({
    acme,
  }) => {
    const { status, errors } = await acme.client.graphql(nested)
    expect(status).toBe(400)
    expect(errors).toEqual([
      expect.objectContaining({
        extensions: {
          code: 'LIMIT_EXCEEDED',
          cost: {
            requested: expect.any(Number),
            limit: 10_000,
            path: 'agents.edges.node.conversations.edges.node.assignedTo.conversations.edges.node.assignedTo.conversations.edges.node'.split(
              '.',
            ),
          },
        },
      }),
    ])
  })

  test('is refused over a subscription too, by what one event costs', async ({ acme }) => {
    const event = (first: number) =>
      `subscription { conversationEvents { conversation { contact { conversations(first: ${first}) { edges { node {
        messages(first: 100) { edges { node { conversation { contact { name } } } } } } } } } } } }`
    const { errors } = await acme.client.graphql(event(100))
    expect(errors).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }])
  })

  test('is refused however it is written: by variables, their defaults, aliases and fragments', async ({
    acme,
  }) => {
    const rows = '{ edges { node { id } } }'
    const pages = (size: string) =>
      `conversations(first: ${size}) { edges { node { messages(first: ${size}) ${rows} } } }`
    const documents: [string, object][] = [
      [`query ($n: Int) { ${pages('$n')} }`, { n: 100 }],
      [`query ($n: Int = 100) { ${pages('$n')} }`, {}],
      [`{ ${Array.from({ length: 30 }, (_, index) => `a${index}: ${pages('20')}`).join(' ')} }`, {}],
      [`query { ...a } fragment a on Query { ...b } fragment b on Query { ${pages('100')} }`, {}],
      [
        `{ ${Array.from({ length: 4 }, (_, i) => `a${i}: conversations(filter: { isAssigned: true }) ${rows}`).join(' ')} }`,
        {},
      ],
    ]
    for (const [query, variables] of documents) {
      const { errors } = await acme.client.graphql(query, { ...variables })
      expect(errors, query).toMatchObject([
        { extensions: { code: 'LIMIT_EXCEEDED', cost: { limit: 10_000 } } },
      ])
    }
  })
})

test('fields with the same response key count once, as they are executed once', async ({ acme }) => {
  const page = 'conversations(first: 10) { edges { node { contact { id } } } }'
  const once = await costOf(acme.client, `{ ${page} }`)
  const often = await costOf(
    acme.client,
    `{ ${page} ...a ...a } fragment a on Query { ${page} ...b } fragment b on Query { ${page} }`,
  )
  expect(often).toEqual(once)
})

test('the cost is told when the header asks for it: what was possible, what it was, and the limit', async ({
  acme,
}) => {
  await newConversation(acme.client)
  const query = '{ conversations(first: 50) { edges { node { contact { id } } } } }'
  expect(await costOf(acme.client, query)).toEqual({ requested: 1 + 50 * 2, actual: 1 + 2, limit: 10_000 })
  expect(await acme.client.graphql(query)).not.toHaveProperty('extensions')
})

test('a list costs more where no index serves it', async ({ gateway, acme }) => {
  const conversations = (args: string) => `{ conversations(first: 10, ${args}) { edges { node { id } } } }`
  const byCreation = 'orderBy: { field: CREATED_AT, direction: DESC }'
  const rowsUnseen = (selection: string) =>
    `{ conversations(first: 60) { edges { node { messages(first: 90) { ${selection} } } } } }`
  const ofContacts = (selection: string) => `{ contacts(first: 10) { edges { node { ${selection} } } } }`
  const costs: [string, number][] = [
    [conversations('filter: { status: [OPEN] }'), 11],
    // The rows of a page are read, also if nothing of them is selected.
    [rowsUnseen('pageInfo { endCursor }'), 61 + 60 * (1 + 90)],
    [rowsUnseen('edges { cursor }'), 61 + 60 * (1 + 90)],
    [rowsUnseen('edges { node { id } }'), 61 + 60 * (1 + 90)],
    [conversations('filter: { isUnread: true }'), 11],
    [conversations('filter: { isUnread: true, channelId: ["chn_1"] }'), 3_010],
    [conversations('filter: { isAssigned: false }'), 11],
    [conversations('filter: { isAssigned: true }'), 3_010],
    [conversations('filter: { source: [API, CHAT, FORM], status: [OPEN] }'), 11],
    [conversations('filter: { channelId: ["1", "2", "3", "4", "5", "6", "7"] }'), 3_010],
    [conversations('filter: { search: "refund" }'), 311],
    [conversations('filter: { search: " ", isAssigned: true }'), 3_010],
    [conversations('filter: { search: "refund", isAssigned: true }'), 3_310],
    [conversations('filter: { contactId: ["ctc_1"] }'), 11],
    [conversations('filter: { contactId: ["ctc_1"], assignedToId: ["agt_1"] }'), 310],
    [conversations('filter: { status: [OPEN], assignedToId: ["agt_1"] }'), 11],
    [conversations('filter: { status: [CLOSED, OPEN], assignedToId: ["agt_1"] }'), 11],
    [conversations('filter: { status: [CLOSED, OPEN, ARCHIVED], assignedToId: ["agt_1"] }'), 11],
    [conversations('filter: { status: [OPEN], contactId: ["ctc_1"] }'), 310],
    [conversations('filter: { lastMessageAt: { from: "2026-01-01T00:00:00Z" }, contactId: ["ctc_1"] }'), 11],
    ['{ agents(first: 10) { edges { node { conversations(first: 1) { edges { cursor } } } } } }', 31],
    [
      '{ agents(first: 10) { edges { node { conversations(first: 1, filter: { status: [ARCHIVED] }) { edges { cursor } } } } } }',
      31,
    ],
    [conversations(byCreation), 11],
    [conversations(`${byCreation}, filter: { isUnread: true }`), 3_010],
    [conversations(`${byCreation}, filter: { status: [OPEN, CLOSED, ARCHIVED] }`), 11],
    ['{ conversations(filter: { status: [OPEN] }) { totalCount } }', 11 + 25],
    ['{ conversations(filter: { isUnread: true }) { totalCount } }', 11 + 25],
    ['{ conversations(filter: { isAssigned: true }) { totalCount } }', 3_500 + 25],
    [ofContacts('conversations { totalCount }'), 11 + 10 * (1 + 10 + 10)],
    [
      ofContacts(
        'conversations(first: 1) { edges { node { messages(first: 1) { edges { node { id } } } } } }',
      ),
      51,
    ],
    [
      ofContacts(
        'conversations(first: 1) { edges { node { messages(first: 1, direction: [NOTE]) { edges { node { id } } } } } }',
      ),
      41 + 10 * 300,
    ],
  ]
  for (const [query, requested] of costs) {
    const { client } = await newClient(gateway, acme.id)
    expect(await costOf(client, query), query).toMatchObject({ requested })
  }
})

describe('a key', () => {
  test('that has spent its budget is told when to come again, over GraphQL and REST; others go on', async ({
    gateway,
    acme,
  }) => {
    const { client: greedy } = await newClient(gateway, acme.id)
    const query =
      '{ conversations(first: 100) { edges { node { messages(first: 90) { edges { node { id } } } } } } }'
    const post = () =>
      fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: greedy.authorization },
        body: JSON.stringify({ query }),
      })
    const first = await post()
    expect(first.status).toBe(200)
    expect(first.headers.get('ratelimit-policy')).toBe('"cost";q=10000;w=60')
    const [, remaining, resetSeconds] =
      /^"cost";r=(\d+);t=(\d+)$/.exec(first.headers.get('ratelimit') ?? '') ?? []
    expect(Number(remaining)).toBeGreaterThanOrEqual(10_000 - 9_201)
    // What was spent runs out evenly: 9,201 of 10,000 in 56 seconds of 60.
    expect(Number(resetSeconds)).toBeLessThanOrEqual(56)
    const inbox = () => greedy.rest('GET', `/v1/workspaces/${acme.id}/support/inbox/conversations?limit=100`)
    let rest = await inbox()
    while (rest.status === 200) rest = await inbox()
    expect(rest.status).toBe(429)
    const waitSeconds = Number(rest.headers.get('retry-after'))
    expect(waitSeconds).toBeGreaterThan(0)
    expect(waitSeconds).toBeLessThan(10)
    const refused = await post()
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(waitSeconds)
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] })
    expect(await acme.client.graphql('{ workspace { name } }')).toMatchObject({ status: 200 })
    // It need not wait for a new window.
    await expect.poll(async () => (await inbox()).status).toBe(200)
  })
})

test('a key that sends many new documents is told to come again, and what is kept is executed', async ({
  gateway,
  acme,
}) => {
  const { client } = await newClient(gateway, acme.id)
  const known = '{ workspace { name } }'
  expect(await client.graphql(known)).toMatchObject({ status: 200 })
  const long = 'workspace { name } '.repeat(200)
  // Refused documents are paid for too.
  const send = async (index: number) => (await client.graphql(`{ ${long} nothing${index} }`)).status
  const statuses: number[] = []
  while (statuses.at(-1) !== 429) statuses.push(await send(statuses.length))
  expect(statuses.length).toBeGreaterThan(10)
  expect(statuses.length).toBeLessThan(20)
  expect(await client.graphql(known)).toMatchObject({ status: 200 })
  expect(await acme.client.graphql(`{ ${long} }`)).toMatchObject({ status: 200 })
})
