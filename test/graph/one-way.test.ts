import { expect } from 'vitest'
import type { Execution } from '../../src/graphql/execution/execution.ts'
import { startedWith } from '../support/fixtures.ts'
import { type Client, newConversation, type Workspace } from '../support/gateway.ts'
import { overEventStream, socketClient } from '../support/live.ts'
import { test as base, subscribed } from '../support/live-fixtures.ts'

const executions: Execution[] = []
/** The executions that have been finished: each as often as its observer was told. */
const finished: Execution[] = []
const test = startedWith(base, {
  observe(execution) {
    executions.push(execution)
    return () => void finished.push(execution)
  },
}).extend('conversationId', async ({ acme }) => {
  const { id } = await newConversation(acme.client)
  executions.splice(0)
  finished.splice(0)
  return id
})

/** What has been executed, in the order in which it began: the kind of each operation, and of each event its type. */
const executed = () =>
  executions.map(({ operation, event }) => (event as { type?: string } | undefined)?.type ?? operation.kind)

/** One mutation with one event. */
async function change(from: Client, conversationId: string) {
  const { errors } = await from.graphql(setUnread, { input: { conversationId, isUnread: true } })
  expect(errors).toBeUndefined()
}

const query = '{ workspace { id } }'
const subscription = 'subscription { conversationEvents { id } }'

const setUnread =
  'mutation ($input: SetConversationUnreadInput!) { setConversationUnread(input: $input) { cursor } }'
const overHttp = ({ acme: { client } }: Sender, text: string, variables = {}) =>
  client.graphql(text, variables)
const overWebSocket = async ({ acme: { client } }: Sender, text: string, variables = {}) => {
  for await (const { errors } of socketClient(client).iterate({ query: text, variables }))
    expect(errors).toBeUndefined()
}

type Sender = { acme: Workspace; conversationId: string }
type Transport = (sender: Sender) => Promise<unknown>

/** Every transport, with a query and a mutation where it takes them. */
const transports: [name: string, kind: 'query' | 'mutation', transport: Transport][] = [
  ['POST', 'query', sender => overHttp(sender, query)],
  ['POST', 'mutation', sender => overHttp(sender, setUnread, inputOf(sender))],
  [
    'GET',
    'query',
    ({ acme: { client } }) => client.rest('GET', `/graphql?query=${encodeURIComponent(query)}`),
  ],
  ['WebSocket', 'query', sender => overWebSocket(sender, query)],
  ['WebSocket', 'mutation', sender => overWebSocket(sender, setUnread, inputOf(sender))],
  ['REST', 'query', ({ acme }) => acme.client.rest('GET', pathOf(acme))],
  [
    'REST',
    'mutation',
    ({ acme, conversationId }) =>
      acme.client.rest('PUT', `${pathOf(acme)}/${conversationId}/status`, { status: 'CLOSED' }),
  ],
]

const inputOf = ({ conversationId }: Sender) => ({ input: { conversationId, isUnread: true } })
const pathOf = ({ id }: Workspace) => `/v1/workspaces/${id}/support/inbox/conversations`

test.for(transports)(
  'over %s a %s is executed once',
  async ([, kind, transport], { acme, conversationId }) => {
    await transport({ acme, conversationId })
    expect(executed()).toEqual([kind])
    expect(finished).toEqual(executions)
  },
)

test('a subscription over WebSocket is executed once, and so is each event', async ({
  gateway,
  acme,
  conversationId,
}) => {
  const client = socketClient(acme.client)
  const events = client.iterate({ query: subscription })
  const first = events.next()
  await subscribed(gateway, 1)
  expect(executed()).toEqual(['subscription'])
  await change(acme.client, conversationId)
  await first
  expect(executed()).toEqual(['subscription', 'mutation', 'CONVERSATION_READ_STATE_CHANGED'])
  // An opened subscription is finished as an execution; its events are executions of their own.
  await expect.poll(() => finished).toEqual(executions)
})

test('a subscription over an event stream is executed once, and so is each event', async ({
  gateway,
  acme,
  conversationId,
}) => {
  const heard = overEventStream(acme.client, subscription)
  await subscribed(gateway, 1)
  expect(executed()).toEqual(['subscription'])
  await change(acme.client, conversationId)
  await heard.until(1)
  expect(executed()).toEqual(['subscription', 'mutation', 'CONVERSATION_READ_STATE_CHANGED'])
  await expect.poll(() => finished.length).toBe(3)
})

test('an event is executed once for all subscribers of the same operation', async ({
  gateway,
  acme,
  conversationId,
}) => {
  const clients = Array.from({ length: 5 }, () => socketClient(acme.client))
  const firsts = clients.map(client => client.iterate({ query: subscription }).next())
  await subscribed(gateway, 5)
  expect(executions).toHaveLength(5)
  await change(acme.client, conversationId)
  await Promise.all(firsts)
  expect(executed().filter(kind => kind === 'CONVERSATION_READ_STATE_CHANGED')).toHaveLength(1)
})

test('an operation that is refused before its execution is not executed', async ({ acme }) => {
  executions.splice(0)
  await acme.client.graphql('{ unknown }')
  expect(executed()).toEqual([])
})
