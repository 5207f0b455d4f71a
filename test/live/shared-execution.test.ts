import { describe, expect } from 'vitest'
import { change, eventCursor } from '../support/conversations.ts'
import { startedWith } from '../support/fixtures.ts'
import { newConversation } from '../support/gateway.ts'
import {
  conversationEvents,
  type LiveEvent,
  overEventStream,
  overSocket,
  socketClient,
} from '../support/live.ts'
import { test as base, subscribed } from '../support/live-fixtures.ts'

const statements: string[] = []
const test = startedWith(base, { onStatement: event => statements.push(event.query.sql) })

describe('subscribers of the same operation', () => {
  test('share one execution, though each came with its own after, as a variable or in the text', async ({
    gateway,
    acme,
  }) => {
    const { client: caller } = acme
    const { id, cursor } = await newConversation(caller)
    const from = await eventCursor(caller)
    const text = (after: string) =>
      `subscription { conversationEvents(after: "${after}") { __typename cursor conversation { id contact { name } } } }`
    const variable =
      'subscription ($a: EventCursor) { conversationEvents(after: $a) { __typename cursor conversation { id contact { name } } } }'
    const inText = [from, from].map(after => overSocket<LiveEvent>(socketClient(caller), text(after)))
    const byVariable = Array.from({ length: 10 }, () =>
      overSocket<LiveEvent>(socketClient(caller), variable, { a: from }),
    )
    const streams = [
      overEventStream<LiveEvent>(caller, variable, { a: from }),
      overEventStream<LiveEvent>(caller, variable, { a: cursor }),
    ]
    await subscribed(gateway, 14)
    // The one that begins earlier first catches up with the delivery of the message.
    await streams[1]?.until(1)
    statements.length = 0
    await change(caller, id, 'CLOSED', null)
    for (const heard of [...inText, ...byVariable]) expect(await heard.until(1)).toHaveLength(1)
    await streams[0]?.until(1)
    await streams[1]?.until(2)
    const contacts = statements.filter(statement => /from "contact"/.test(statement))
    expect(contacts).toHaveLength(1)
  })

  test('of one event read its rows once, also for different operations', async ({ gateway, acme }) => {
    const { client: caller } = acme
    const { id } = await newConversation(caller)
    const names = Array.from({ length: 20 }, (_, index) => `name${index}`)
    const text = (selected: string) =>
      `subscription { conversationStatusChanged { conversation { id status contact { ${selected} } } } }`
    type Named = { conversation: { id: string; status: string; contact: Record<string, string> } }
    const heard = names.map(name => overSocket<Named>(socketClient(caller), text(`${name}: email`)))
    await subscribed(gateway, 20)
    statements.length = 0
    await change(caller, id, 'CLOSED', null)
    for (const [index, { until }] of heard.entries())
      expect(await until(1)).toEqual([
        { conversation: { id, status: 'CLOSED', contact: { [`name${index}`]: 'jane@example.com' } } },
      ])
    expect(statements.filter(statement => /from "contact"/.test(statement))).toHaveLength(1)
  })

  test('get no event of an operation with other variables', async ({ acme }) => {
    const { client: caller } = acme
    const [one, other] = [await newConversation(caller), await newConversation(caller)]
    const after = await eventCursor(caller)
    const subscribe = ({ id }: { id: string }) =>
      overSocket<LiveEvent>(socketClient(caller), conversationEvents, { conversationId: id, after })
    const [mine, theirs] = [subscribe(one), subscribe(other)]
    await change(caller, one.id, 'CLOSED', null)
    await change(caller, other.id, 'CLOSED', null)
    expect((await mine.until(1)).map(({ conversation }) => conversation.id)).toEqual([one.id])
    expect((await theirs.until(1)).map(({ conversation }) => conversation.id)).toEqual([other.id])
  })
})

test('a change in a workspace without subscribers costs no statement beyond the write', async ({ acme }) => {
  const { client: caller } = acme
  const { id } = await newConversation(caller)
  const count = (statement: RegExp) => statements.filter(each => statement.test(each)).length
  // Leasing due mail has a transaction of its own. It begins after this one has ended, or as a whole.
  await expect
    .poll(() => {
      const isAtRest = count(/^begin$/) === count(/^(commit|rollback)$/)
      if (isAtRest) statements.length = 0
      return isAtRest
    })
    .toBe(true)
  await caller.graphql(
    'mutation ($id: ID!) { setConversationStatus(input: { conversationId: $id, status: CLOSED }) { cursor } }',
    { id },
  )
  await expect.poll(() => count(/^begin$/) - count(/skip locked/)).toBe(1)
  // What the gateway does by itself meanwhile: it looks for due mail, for keys that have ended and for old idempotency keys.
  const own = statements.filter(
    statement =>
      !/next_attempt_at|m.lease_token|"api_key"|delete from idempotency_key|delete from raw_mail|^(begin|commit)$/.test(
        statement,
      ),
  )
  expect(own).toEqual([
    expect.stringMatching(/^with "locked"/),
    expect.stringMatching(/^update "conversation"/),
    expect.stringMatching(/update workspace set event_seq/),
    expect.stringMatching(/insert into event /),
  ])
})
