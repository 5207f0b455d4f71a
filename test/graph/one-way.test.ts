import { expect } from 'vitest'
import type { Execution } from '../../src/graphql/execution/execution.ts'
import { type Client, type GatewayOptions, newConversation } from '../support/gateway.ts'
import { overEventStream, socketClient } from '../support/live.ts'
import { test as base, subscribed } from '../support/live-fixtures.ts'

const executions: Execution[] = []
/** The executions that have been finished: each as often as its observer was told. */
const finished: Execution[] = []
const test = base
  .extend('gatewayOptions', { scope: 'file' }, {
    observe(execution) {
      executions.push(execution)
      return () => void finished.push(execution)
    },
  } satisfies GatewayOptions as GatewayOptions)
  .extend('conversationId', async ({ acme }) => {
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
  const { errors } = await from.graphql(
    'mutation ($input: SetConversationUnreadInput!) { setConversationUnread(input: $input) { cursor } }',
    { input: { conversationId, isUnread: true } },
  )
  expect(errors).toBeUndefined()
}

const query = '{ workspace { id } }'
const subscription = 'subscription { conversationEvents { id } }'

test('an operation over HTTP is executed once', async ({ acme, conversationId }) => {
  await acme.client.graphql(query)
  expect(executed()).toEqual(['query'])
  await change(acme.client, conversationId)
  expect(executed()).toEqual(['query', 'mutation'])
})

test('an operation over WebSocket is executed once, and so is each event', async ({
  gateway,
  acme,
  conversationId,
}) => {
  const client = socketClient(acme.client)
  for await (const _ of client.iterate({ query })) expect(executed()).toEqual(['query'])
  const events = client.iterate({ query: subscription })
  const first = events.next()
  await subscribed(gateway, 1)
  expect(executed()).toEqual(['query', 'subscription'])
  await change(acme.client, conversationId)
  await first
  expect(executed()).toEqual(['query', 'subscription', 'mutation', 'CONVERSATION_READ_STATE_CHANGED'])
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

test('a REST request is executed once', async ({ acme }) => {
  executions.splice(0)
  const { status } = await acme.client.rest('GET', `/v1/workspaces/${acme.id}/support/inbox/conversations`)
  expect(status).toBe(200)
  expect(executed()).toEqual(['query'])
})

test('an operation that is refused before its execution is not executed', async ({ acme }) => {
  executions.splice(0)
  await acme.client.graphql('{ unknown }')
  expect(executed()).toEqual([])
})
