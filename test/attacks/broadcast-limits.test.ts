import { expect } from 'vitest'
import { startedWith } from '../support/fixtures.ts'
import { newClient, newConversation } from '../support/gateway.ts'
import { overEventStream, overSocket, socketClient } from '../support/live.ts'
import { test as base, subscribed } from '../support/live-fixtures.ts'

const test = startedWith(base, {
  limits: { maxBroadcastsPerKey: 5, maxStreamsPerKey: 3, maxQueryCost: 300 },
})

const events = (selected: string) => `subscription { conversationEvents { ${selected} } }`

test('a key has a limited number of different subscriptions, over all its sockets and streams', async ({
  gateway,
  acme,
}) => {
  const { client: caller } = acme
  for (let index = 0; index < 4; index++) overSocket(socketClient(caller), events(`a${index}: cursor`))
  overEventStream(caller, events('cursor id'))
  await subscribed(gateway, 5)
  const refused = overSocket(socketClient(caller), events('one: cursor more: cursor'))
  await refused.ended
  expect(refused.errors).toMatchObject([[{ extensions: { code: 'LIMIT_EXCEEDED' } }]])
  // The same one again shares what is executed anyway. A name makes no difference.
  overSocket(socketClient(caller), `subscription Named { conversationEvents { a0: cursor } }`)
  await subscribed(gateway, 6)
  const { client: sibling } = await newClient(gateway, acme.id)
  overSocket(socketClient(sibling), events('one: cursor'))
  await subscribed(gateway, 7)
})

test('the different subscriptions of a key may together cost a limited amount an event', async ({
  gateway,
  acme,
}) => {
  const { client: caller } = acme
  await newConversation(caller)
  const dear = (name: string) =>
    events(
      `cursor ${name}: conversation { contact { conversations(first: 50) { edges { node { contact { id } } } } } }`,
    )
  overSocket(socketClient(caller), dear('a'))
  overSocket(socketClient(caller), dear('b'))
  await subscribed(gateway, 2)
  const refused = overSocket(socketClient(caller), dear('c'))
  await refused.ended
  expect(refused.errors).toMatchObject([
    [
      {
        message: expect.stringMatching(/together cost 300 an event/),
        extensions: { code: 'LIMIT_EXCEEDED' },
      },
    ],
  ])
})

test('a key has a limited number of event streams', async ({ gateway, acme }) => {
  const streams = Array.from({ length: 3 }, () => overEventStream(acme.client, events('cursor')))
  await subscribed(gateway, 3)
  const refused = overEventStream(acme.client, events('cursor'))
  await refused.ended
  expect(refused.errors).toMatchObject([[{ extensions: { code: 'LIMIT_EXCEEDED' } }]])
  streams[0]?.stop()
  await subscribed(gateway, 2)
  overEventStream(acme.client, events('cursor'))
  await subscribed(gateway, 3)
})
