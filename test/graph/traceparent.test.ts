import { expect } from 'vitest'
import { type Client, newConversation } from '../support/gateway.ts'
import { conversationEvents, overSocket, socketClient } from '../support/live.ts'
import { subscribed, test } from '../support/live-fixtures.ts'

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

const note = `mutation ($id: ID!) {
  addNote(input: { conversationId: $id, contentText: "Noted" }) { userErrors { code } }
}`

/** The places in a trace that the events of a conversation name. Those of its delivery are in none. */
async function placesOf(caller: Client, id: string): Promise<string[]> {
  type Events = { conversation: { events: { edges: { node: { traceparent: string | null } }[] } } }
  const { data } = await caller.graphql<Events>(
    'query ($id: ID!) { conversation(id: $id) { events(first: 100) { edges { node { traceparent } } } } }',
    { id },
  )
  return data.conversation.events.edges.flatMap(({ node }) => node.traceparent ?? [])
}

function post(from: Client, path: string, header: string, type: string, body: string) {
  const headers = { authorization: from.authorization, 'content-type': type, traceparent: header }
  return fetch(`${from.url}${path}`, { method: 'POST', headers, body })
}

test('an event names the place in a trace that its request named, and a subscriber gets it', async ({
  gateway,
  acme: { client: caller },
}) => {
  const { id } = await newConversation(caller)
  const socket = socketClient(caller)
  const query = conversationEvents.replace('cursor', 'cursor traceparent')
  const heard = overSocket<{ traceparent: string | null }>(socket, query, { conversationId: id })
  await subscribed(gateway, 1)
  await post(
    caller,
    '/graphql',
    traceparent,
    'application/json',
    JSON.stringify({ query: note, variables: { id } }),
  )
  expect(await placesOf(caller, id)).toEqual([traceparent])
  const [event] = await heard.until(1)
  expect(event?.traceparent).toBe(traceparent)
})

test('a REST caller and a mail server are followed in the same way', async ({ acme }) => {
  const { client: caller } = acme
  const inbox = `/v1/workspaces/${acme.id}/support/inbox`
  const body = JSON.stringify({
    email: 'jo@example.com',
    name: 'Jo',
    subject: 'An invoice',
    contentText: 'Hello',
  })
  const created = await post(caller, `${inbox}/conversations`, traceparent, 'application/json', body)
  const { conversation } = (await created.json()) as { conversation: { id: string } }
  expect(await placesOf(caller, conversation.id)).toEqual([traceparent, traceparent])
  const mail = 'From: jo@example.com\r\nMessage-ID: <1@example.com>\r\nSubject: Help\r\n\r\nHello'
  const taken = await post(caller, `${inbox}/inbound-emails`, traceparent, 'message/rfc822', mail)
  const received = (await taken.json()) as { conversation: { id: string } }
  expect(await placesOf(caller, received.conversation.id)).toContain(traceparent)
})

test('an operation on a socket names its place in `extensions`', async ({ acme: { client: caller } }) => {
  const { id } = await newConversation(caller)
  const socket = socketClient(caller)
  for (const place of [traceparent, 7]) {
    const payload = { query: note, variables: { id }, extensions: { traceparent: place } }
    const { value } = await socket.iterate(payload).next()
    expect(value?.data).toEqual({ addNote: { userErrors: [] } })
  }
  expect(await placesOf(caller, id)).toEqual([traceparent])
})

test('a place that a later version names is known by its beginning', async ({ acme: { client: caller } }) => {
  const { id } = await newConversation(caller)
  const body = JSON.stringify({ query: note, variables: { id } })
  await post(caller, '/graphql', `${traceparent.replace('00', '01')}-more`, 'application/json', body)
  expect(await placesOf(caller, id)).toEqual([traceparent])
})

test.for([
  '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
  '00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01',
  'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  `${traceparent}-more`,
  'nonsense',
])('what is no place in a trace counts as none: %s', async (wrong, { acme: { client: caller } }) => {
  const { id } = await newConversation(caller)
  const answer = await post(
    caller,
    '/graphql',
    wrong,
    'application/json',
    JSON.stringify({ query: note, variables: { id } }),
  )
  expect(answer.status).toBe(200)
  expect(await placesOf(caller, id)).toEqual([])
})
