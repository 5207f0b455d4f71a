import {
  type GraphQLArgument,
  type GraphQLField,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { schema } from '../src/graphql/schema.ts'
import {
  type Client,
  type Gateway,
  newClient,
  newConversation,
  newWorkspace,
  startGateway,
} from './support/gateway.ts'

let gateway: Gateway
let caller: Client
let ownIds: Record<string, string>
let foreign: Record<string, string>

beforeAll(async () => {
  gateway = await startGateway()
  const ids = async () => {
    const workspace = await newWorkspace(gateway)
    const { id, contactId, messageId, cursor } = await newConversation(workspace.client)
    const key = await newClient(gateway, workspace.id)
    await workspace.client.graphql(
      'mutation ($input: AssignConversationInput!) { assignConversation(input: $input) { cursor } }',
      { input: { conversationId: id, agentId: workspace.agentId } },
    )
    return {
      client: workspace.client,
      ids: {
        workspace: workspace.id,
        agent: workspace.agentId,
        channel: workspace.channelId,
        contact: contactId,
        conversation: id,
        message: messageId,
        key: key.id,
        event: `evt_${cursor}`,
      },
    }
  }
  const [mine, other] = [await ids(), await ids()]
  caller = mine.client
  ownIds = mine.ids
  foreign = other.ids
})
afterAll(() => gateway.close())

type Field = GraphQLField<unknown, unknown>

/** The places in a field's arguments that take ids, as JSON paths. */
function idPlaces(args: readonly GraphQLArgument[]): string[][] {
  const walk = (name: string, type: GraphQLArgument['type']): string[][] => {
    const named = getNamedType(type)
    if (named.name === 'ID') return [[name]]
    if (!isInputObjectType(named)) return []
    return Object.values(named.getFields()).flatMap(field =>
      walk(field.name, field.type).map(path => [name, ...path]),
    )
  }
  return args.flatMap(arg => walk(arg.name, arg.type))
}

const sample: Record<string, unknown> = {
  email: 'jane@example.com',
  contentText: 'Hi',
  status: 'OPEN',
  conversationId: 'CONVERSATION',
  agentId: null,
  source: 'EMAIL',
  isUnread: true,
}

/** What may not stand beside an id in this place, or would take its meaning away. */
const alone: Record<string, string[]> = {
  contactId: ['email', 'conversationId'],
  channelId: ['conversationId'],
}

/** A value for a field's arguments with an id in one place and what else is required around it. */
function valueFor(args: readonly GraphQLArgument[], place: string[], id: string): Record<string, unknown> {
  const fill = (path: string[], fields: readonly { name: string; type: GraphQLArgument['type'] }[]) => {
    const entries = fields.flatMap(({ name, type }): [string, unknown][] => {
      const named = getNamedType(type)
      if (name === path[0]) {
        if (isInputObjectType(named)) return [[name, fill(path.slice(1), Object.values(named.getFields()))]]
        return [[name, isListType(getNullableType(type)) ? [id] : id]]
      }
      const isLeftOut = path[0] !== undefined && alone[path[0]]?.includes(name)
      // Of what may be left out only what says where it goes is given: a filter would match nothing.
      const isWanted = isNonNullType(type) || name === 'email' || name === 'agentId'
      return name in sample && path[0] !== undefined && isWanted && !isLeftOut
        ? [[name, sample[name] === 'CONVERSATION' ? ownIds.conversation : sample[name]]]
        : []
    })
    return Object.fromEntries(entries)
  }
  return fill(place, args)
}

const selection = (field: Field): string => {
  const type = getNamedType(field.type)
  if (isLeafType(type)) return ''
  if (type.name.endsWith('Payload')) return '{ cursor userErrors { code message path } }'
  if (type.name.endsWith('Connection')) return '{ edges { node { id } } }'
  return '{ id }'
}

/** Asks a root field with an id in one place, and answers the whole response as text. */
async function ask(
  operation: 'query' | 'mutation',
  field: Field,
  place: string[],
  id: string,
): Promise<string> {
  const definitions = field.args.map(arg => `$${arg.name}: ${arg.type}`).join(', ')
  const given = field.args.map(arg => `${arg.name}: $${arg.name}`).join(', ')
  const query = `${operation} (${definitions}) { ${field.name}(${given}) ${selection(field)} }`
  return JSON.stringify(await caller.graphql(query, valueFor(field.args, place, id)))
}

const roots = [
  ...Object.values(schema.getQueryType()?.getFields() ?? {}).map(field => ['query', field] as const),
  ...Object.values(schema.getMutationType()?.getFields() ?? {}).map(field => ['mutation', field] as const),
]
const places = roots.flatMap(([operation, field]) =>
  idPlaces(field.args).map(place => [`${field.name}(${place.join('.')})`, operation, field, place] as const),
)

test('the schema takes ids in as many places as this test knows of', () => {
  expect(places.length).toBeGreaterThanOrEqual(17)
})

test.each(places)(
  '%s answers foreign, absent, malformed and wrongly typed ids alike, byte for byte',
  async (_, operation, field, place) => {
    const absent = await ask(operation, field, place, 'thd_absent')
    const strange = [
      ...Object.values(foreign),
      'x',
      '',
      'thd_\0',
      `thd_${'x'.repeat(5_000)}`,
      'THD_1',
      '日本',
    ]
    for (const id of strange) expect(await ask(operation, field, place, id), id).toBe(absent)
    const own = await Promise.all(Object.values(ownIds).map(id => ask(operation, field, place, id)))
    expect(own.some(answer => answer !== absent)).toBe(true)
  },
)

test('node answers what is of the own workspace, of every type, and nothing else', async () => {
  const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }'
  const answer = async (ids: string[]) =>
    (await caller.graphql<{ nodes: unknown[] }>(query, { ids })).data.nodes
  expect(await answer(Object.values(ownIds))).toEqual(
    Object.values(ownIds).map(id => ({ id, __typename: expect.any(String) })),
  )
  expect(await answer(Object.values(foreign))).toEqual(Object.values(foreign).map(() => null))
})

test('REST paths answer foreign, absent and malformed ids alike', async () => {
  const path = (workspace: string, id: string) =>
    `/v1/workspaces/${workspace}/support/inbox/conversations/${id}/status`
  const put = async (workspace = '', id = '') => {
    const { status, body } = await caller.rest('PUT', path(workspace, id), { status: 'OPEN' })
    return { status, body }
  }
  const noWorkspace = {
    status: 404,
    body: { statusCode: 404, error: 'Not Found', message: 'Workspace not found.' },
  }
  for (const workspace of [foreign.workspace, 'wrk_absent', 'x', '%00'])
    expect(await put(workspace, foreign.conversation), workspace).toEqual(noWorkspace)
  const noConversation = { status: 404, body: { ...noWorkspace.body, message: 'Conversation not found.' } }
  for (const id of [foreign.conversation, 'thd_absent', ownIds.contact, 'x', 'a%00b', 'x'.repeat(3_000)])
    expect(await put(ownIds.workspace, id), id).toEqual(noConversation)
})
