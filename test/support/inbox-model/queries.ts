import fc from 'fast-check'
import { expect } from 'vitest'
import type { Client } from '../gateway.ts'
import { contactWith, countsOf, type Inbox } from './inbox.ts'
import { idOf, type Reference, references } from './inputs.ts'
import { expectedIds, lists, variablesOf } from './lists.ts'
import { conversationFields, expectShown, read, readConversation, type Shown } from './shown.ts'

type Compare<Given> = (inbox: Inbox, client: Client, given: Given) => Promise<void>

/** Sends a query, and compares the answer with the model. */
class CheckedQuery<Given> implements fc.AsyncCommand<Inbox, Client> {
  readonly given: Given
  readonly compare: Compare<Given>

  constructor(given: Given, compare: Compare<Given>) {
    this.given = given
    this.compare = compare
  }

  check = () => true
  run(inbox: Inbox, client: Client): Promise<void> {
    inbox.onOutcome(this.compare.name)
    return this.compare(inbox, client, this.given)
  }

  toString = () => `${this.compare.name}(${JSON.stringify(this.given)})`
}

const checked = <Given>(arbitrary: fc.Arbitrary<Given>, compare: Compare<Given>) =>
  arbitrary.map(given => new CheckedQuery(given, compare))

type Page = {
  edges: { cursor: string; node: { id: string } }[]
  pageInfo: {
    hasNextPage: boolean
    hasPreviousPage: boolean
    startCursor: string | null
    endCursor: string | null
  }
}

const pageFields =
  'edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }'

/** Walks a list to its end, and compares each page with its part of what is expected. */
async function expectPages(
  expected: string[],
  { size, isBackward }: { size: number; isBackward: boolean },
  read: (variables: object) => Promise<Page>,
): Promise<void> {
  let cursor: string | null = null
  for (let place = 0; place === 0 || place < expected.length; place += size) {
    const page = await read(isBackward ? { last: size, before: cursor } : { first: size, after: cursor })
    const end = expected.length - place
    const ids = isBackward
      ? expected.slice(Math.max(end - size, 0), end)
      : expected.slice(place, place + size)
    const isMore = place + size < expected.length
    expect(page.edges.map(({ node }) => node.id)).toEqual(ids)
    expect(page.pageInfo).toEqual({
      hasNextPage: isBackward ? cursor !== null : isMore,
      hasPreviousPage: isBackward ? isMore : cursor !== null,
      startCursor: page.edges[0]?.cursor ?? null,
      endCursor: page.edges.at(-1)?.cursor ?? null,
    })
    cursor = isBackward ? page.pageInfo.startCursor : page.pageInfo.endCursor
  }
}

const conversationsQuery = `query ($filter: ConversationFilter, $orderBy: ConversationOrder, $first: Int, $last: Int, $after: String, $before: String) {
  list: conversations(filter: $filter, orderBy: $orderBy, first: $first, last: $last, after: $after, before: $before) {
    totalCount ${pageFields} } }`

const conversations = checked(lists, async function conversations(inbox, client, list) {
  const expected = expectedIds(inbox, list)
  const common = variablesOf(inbox, list)
  await expectPages(expected, list, async page => {
    const { list } = await read<{ list: Page & { totalCount: number } }>(client, conversationsQuery, {
      ...common,
      ...page,
    })
    expect(list.totalCount).toBe(expected.length)
    return list
  })
})

const conversation = checked(references, async function conversation(inbox, client, reference: Reference) {
  const { conversations } = inbox
  const id = idOf(
    reference,
    conversations.map(({ id }) => id),
  )
  const shown = await readConversation(client, id)
  const known = conversations.find(each => each.id === id)
  if (known) expectShown(inbox, known, shown)
  else expect(shown).toBe(null)
})

type ShownContact = {
  id: string
  email: string
  name: string | null
  conversations: { totalCount: number; edges: { node: { id: string } }[] }
}

const contactQuery = `query ($id: ID!, $email: String!) {
  byId: contact(id: $id) { ...Seen } byEmail: contactByEmail(email: $email) { ...Seen } }
  fragment Seen on Contact { id email name conversations(first: 100) { totalCount edges { node { id } } } }`

const contact = checked(
  fc.record({
    reference: references,
    email: fc.constantFrom('ANN@example.com', ' bob@example.com', 'nobody'),
  }),
  async function contact(inbox, client, { reference, email }) {
    const id = idOf(
      reference,
      inbox.contacts.map(({ id }) => id),
    )
    const answer = await read<{ byId: ShownContact | null; byEmail: ShownContact | null }>(
      client,
      contactQuery,
      {
        id,
        email,
      },
    )
    const byId = inbox.contacts.find(each => each.id === id)
    const list = {
      field: 'LAST_MESSAGE_AT',
      isDescending: true,
      status: ['OPEN', 'CLOSED', 'ARCHIVED'],
    } as const
    const seen = (known: typeof byId) => {
      if (!known) return null
      const own = { ...inbox, conversations: inbox.conversations.filter(each => each.contact === known) }
      const ids = expectedIds(own, { ...emptyList, ...list, status: [...list.status] })
      return { ...known, conversations: { totalCount: ids.length, edges: ids.map(id => ({ node: { id } })) } }
    }
    expect(answer).toEqual({ byId: seen(byId), byEmail: seen(contactWith(inbox, email.trim())) })
  },
)

const emptyList = {
  source: undefined,
  agents: undefined,
  isAssigned: undefined,
  isUnread: undefined,
  contacts: undefined,
  from: undefined,
  before: undefined,
  isBackward: false,
  size: 1,
}

const paging = { size: fc.integer({ min: 1, max: 4 }), isBackward: fc.boolean() }
const pageVariables = '$first: Int, $last: Int, $after: String, $before: String'
const pageArguments = 'first: $first, last: $last, after: $after, before: $before'

type Nested = { conversation: { list: Page } | null }

const messages = checked(
  fc.record({
    ...paging,
    conversation: fc.nat(7),
    direction: fc.option(fc.subarray(['INBOUND' as const, 'OUTBOUND' as const, 'NOTE' as const])),
  }),
  async function messages(inbox, client, { conversation: index, direction, ...page }) {
    const known = inbox.conversations[index % inbox.conversations.length]
    if (!known) return
    const expected = known.messages.filter(each => direction === null || direction.includes(each.direction))
    const query = `query ($id: ID!, $direction: [MessageDirection!], ${pageVariables}) {
      conversation(id: $id) { list: messages(direction: $direction, ${pageArguments}) { ${pageFields} } } }`
    await expectPages(
      expected.map(({ id }) => id),
      page,
      async variables => {
        const { conversation } = await read<Nested>(client, query, { id: known.id, direction, ...variables })
        if (!conversation) throw new Error('The conversation is gone.')
        return conversation.list
      },
    )
  },
)

const eventTypes = {
  CONVERSATION_CREATED: 'ConversationCreated',
  MESSAGE_ADDED: 'MessageAdded',
  MESSAGE_STATUS_CHANGED: 'MessageStatusChanged',
  CONVERSATION_STATUS_CHANGED: 'ConversationStatusChanged',
  CONVERSATION_ASSIGNED: 'ConversationAssigned',
  CONVERSATION_READ_STATE_CHANGED: 'ConversationReadStateChanged',
}

const events = checked(
  fc.record({
    ...paging,
    conversation: fc.nat(7),
    types: fc.option(fc.subarray(Object.keys(eventTypes) as (keyof typeof eventTypes)[])),
  }),
  async function events(inbox, client, { conversation: index, types, ...page }) {
    const known = inbox.conversations[index % inbox.conversations.length]
    if (!known) return
    const wanted = types?.map(type => eventTypes[type])
    const expected = inbox.log
      .filter(({ conversationId }) => conversationId === known.id)
      .filter(({ type }) => wanted === undefined || wanted.includes(type))
    const query = `query ($id: ID!, $types: [ConversationEventType!], ${pageVariables}) {
      conversation(id: $id) { list: events(types: $types, ${pageArguments}) { ${pageFields} } } }`
    await expectPages(
      expected.map(({ id }) => id),
      page,
      async variables => {
        const { conversation } = await read<Nested>(client, query, { id: known.id, types, ...variables })
        if (!conversation) throw new Error('The conversation is gone.')
        return conversation.list
      },
    )
  },
)

const node = checked(fc.nat(200), async function node(inbox, client, index) {
  const nodes: (object | null)[] = [
    { id: inbox.workspaceId, __typename: 'Workspace' },
    { id: inbox.otherAgentId, __typename: 'Agent' },
    { id: inbox.chatChannelId, __typename: 'Channel' },
    ...inbox.contacts.map(({ id }) => ({ id, __typename: 'Contact' })),
    ...inbox.conversations.map(({ id }) => ({ id, __typename: 'Conversation' })),
    ...inbox.conversations.flatMap(each => each.messages.map(({ id }) => ({ id, __typename: 'Message' }))),
    ...inbox.log.map(({ id, type }) => ({ id, __typename: type })),
  ]
  const expected = [nodes[index % nodes.length], nodes.at(-1), null]
  const ids = expected.map(each => (each as { id: string } | null)?.id ?? 'msg_unknown')
  const answer = await read<{ node: object; nodes: object[] }>(
    client,
    'query ($id: ID!, $ids: [ID!]!) { node(id: $id) { __typename id } nodes(ids: $ids) { __typename id } }',
    { id: ids[0], ids },
  )
  expect(answer).toEqual({ node: expected[0], nodes: expected })
})

const workspaceQuery = `{ workspace { eventCursor conversationCounts { open closed archived unread unassigned } }
  recent: conversations(first: 100, filter: { status: [OPEN, CLOSED, ARCHIVED] }) { edges { node { ...Shown } } } }
  ${conversationFields}`

/** Compares the whole inbox: counts, the end of the log, and every conversation in the order of the list. */
export async function expectWhole(inbox: Inbox, client: Client): Promise<void> {
  const { workspace, recent } = await read<{
    workspace: { eventCursor: string; conversationCounts: object }
    recent: { edges: { node: Shown }[] }
  }>(client, workspaceQuery)
  expect(workspace.conversationCounts).toEqual(countsOf(inbox))
  const last = inbox.log.at(-1)
  if (last) expect(workspace.eventCursor).toBe(last.cursor)
  const ids = expectedIds(inbox, {
    ...emptyList,
    status: ['OPEN', 'CLOSED', 'ARCHIVED'],
    field: 'LAST_MESSAGE_AT',
    isDescending: true,
  })
  expect(recent.edges.map(({ node }) => node.id)).toEqual(ids)
  for (const known of inbox.conversations)
    expectShown(inbox, known, recent.edges.find(({ node }) => node.id === known.id)?.node ?? null)
}

const workspace = checked(fc.constant(null), async function workspace(inbox, client) {
  await expectWhole(inbox, client)
})

/** Commands for every query. */
export const queries: fc.Arbitrary<fc.AsyncCommand<Inbox, Client>>[] = [
  conversations,
  conversation,
  contact,
  messages,
  events,
  node,
  workspace,
]
