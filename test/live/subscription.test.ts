import { describe, expect } from 'vitest'
import { turn } from '../support/conversations.ts'
import { type Client, newConversation, newWorkspace } from '../support/gateway.ts'
import {
  overEventStream,
  overSocket,
  type StatusEvent,
  socketClient,
  statusChanges,
} from '../support/live.ts'
import { test } from '../support/live-fixtures.ts'

const cursorsOf = (events: StatusEvent[]) => events.map(event => event.cursor)

describe.each(['WebSocket', 'event stream'] as const)('a subscriber over %s', transport => {
  const subscribe = (caller: Client, variables: Record<string, unknown>) =>
    transport === 'WebSocket'
      ? overSocket(socketClient(caller), statusChanges, variables)
      : overEventStream(caller, statusChanges, variables)

  test('hears of one conversation when it names it', async ({ acme }) => {
    const { client: caller } = acme
    const [one, other] = [await newConversation(caller), await newConversation(caller)]
    const heard = subscribe(caller, { conversationId: one.id, after: one.cursor })
    await turn(caller, other.id, 3)
    const cursors = await turn(caller, one.id, 2)
    expect(cursorsOf(await heard.until(2))).toEqual(cursors)
  })
})

test('a subscriber never hears of another workspace', async ({ gateway }) => {
  const [mine, other] = [(await newWorkspace(gateway)).client, (await newWorkspace(gateway)).client]
  const [own, foreign] = [await newConversation(mine), await newConversation(other)]
  const heard = overSocket(socketClient(mine), statusChanges, { after: own.cursor })
  await turn(other, foreign.id, 5)
  const cursors = await turn(mine, own.id, 1)
  expect(cursorsOf(await heard.until(1))).toEqual(cursors)
})

test('an event stream is for clients that read one, and a refused one leaves no subscriber', async ({
  gateway,
  acme,
}) => {
  const { client: caller } = acme
  const query = encodeURIComponent('subscription { conversationStatusChanged { cursor } }')
  const statusOf = async (accept: string) => {
    const headers = { accept, authorization: caller.authorization }
    const response = await fetch(`${gateway.url}/graphql?query=${query}`, { headers })
    await response.body?.cancel()
    return [response.status, response.headers.get('content-type')]
  }
  for (const accept of ['application/json', 'multipart/mixed'])
    expect((await statusOf(accept))[0], accept).toBe(406)
  for (const accept of ['*/*', 'text/*', 'application/json, text/event-stream'])
    expect(await statusOf(accept), accept).toEqual([200, 'text/event-stream'])
})

test('a query is answered as JSON wherever that is acceptable', async ({ gateway, acme }) => {
  const { client: caller } = acme
  const accept = 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed'
  const headers = { accept, authorization: caller.authorization }
  const response = await fetch(`${gateway.url}/graphql?query={viewer{id}}`, { headers })
  expect(response.headers.get('content-type')).toMatch(/json/)
})
