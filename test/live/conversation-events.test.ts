import { describe, expect } from 'vitest'
import { change, eventCursor } from '../support/conversations.ts'
import { newConversation } from '../support/gateway.ts'
import {
  conversationEvents,
  type LiveEvent,
  overEventStream,
  overSocket,
  socketClient,
} from '../support/live.ts'
import { test } from '../support/live-fixtures.ts'

describe('conversationEvents', () => {
  test('delivers every type of event in the order of the log, and the timeline has the same', async ({
    acme,
  }) => {
    const { client: caller, agentId } = acme
    const after = await eventCursor(caller)
    const { id, messageId } = await newConversation(caller)
    await change(caller, id, 'CLOSED', agentId)
    const heard = overSocket<LiveEvent>(socketClient(caller), conversationEvents, { after })
    const received = await heard.until(5)
    expect(received).toMatchObject([
      { __typename: 'ConversationCreated', conversation: { id } },
      { __typename: 'MessageAdded', message: { preview: 'Hello there' } },
      {
        __typename: 'MessageStatusChanged',
        message: { id: messageId },
        previousMessageStatus: 'QUEUED',
        messageStatus: 'SENT',
      },
      { __typename: 'ConversationStatusChanged', previousStatus: 'OPEN', status: 'CLOSED' },
      { __typename: 'ConversationAssigned', previousAssignedTo: null, assignedTo: { id: agentId } },
    ])
    expect(received.map(({ cursor }) => cursor)).toEqual(received.map(({ cursor }) => cursor).sort())

    const timeline = async (args: string) => {
      const query = `query ($id: ID!) { conversation(id: $id) { events${args} {
        edges { cursor node { __typename cursor } } pageInfo { hasNextPage hasPreviousPage } } } }`
      type Page = {
        edges: { cursor: string; node: { __typename: string; cursor: string } }[]
        pageInfo: object
      }
      const { data, errors } = await caller.graphql<{ conversation: { events: Page } }>(query, { id })
      if (errors) throw new Error(JSON.stringify(errors[0]?.extensions))
      return data.conversation.events
    }
    const all = await timeline('')
    expect(all.edges.map(({ node }) => node)).toEqual(
      received.map(({ __typename, cursor }) => ({ __typename, cursor })),
    )
    expect(all.edges.every(({ cursor, node }) => cursor === node.cursor)).toBe(true)
    const last = await timeline(`(last: 2, before: "${received[4]?.cursor}")`)
    expect(last.edges.map(({ cursor }) => cursor)).toEqual([received[2]?.cursor, received[3]?.cursor])
    expect(last.pageInfo).toEqual({ hasNextPage: true, hasPreviousPage: true })
    expect((await timeline('(types: [CONVERSATION_ASSIGNED])')).edges).toHaveLength(1)
    expect((await timeline('(types: [])')).edges).toHaveLength(0)
    await expect(timeline('(after: "nonsense")')).rejects.toThrow('BAD_CURSOR')
  })

  test.for(['socket', 'event stream'] as const)(
    'filters by conversation, contact and types, live and from the log, over %s',
    async (transport, { acme }) => {
      const { client: caller, agentId } = acme
      const after = await eventCursor(caller)
      const [one, other] = [
        await newConversation(caller, 'one@example.com'),
        await newConversation(caller, 'other@example.com'),
      ]
      const filters = [
        { conversationId: one.id },
        { contactId: other.contactId, types: ['CONVERSATION_STATUS_CHANGED', 'CONVERSATION_ASSIGNED'] },
        { types: ['MESSAGE_ADDED', 'MESSAGE_ADDED', 'CONVERSATION_ASSIGNED'] },
        { types: [] },
      ]
      const all = overSocket<LiveEvent>(socketClient(caller), conversationEvents, { after })
      const heard = filters.map(filter =>
        transport === 'socket'
          ? overSocket<LiveEvent>(socketClient(caller), conversationEvents, { ...filter, after })
          : overEventStream<LiveEvent>(caller, conversationEvents, { ...filter, after }),
      )
      for (const { id } of [one, other, one])
        await change(caller, id, id === one.id ? 'CLOSED' : 'ARCHIVED', agentId)
      await change(caller, one.id, 'OPEN', null)
      const log = await all.until(12)
      const of = (wanted: (event: LiveEvent) => boolean) => log.filter(wanted)
      const isAssigned = ({ __typename }: LiveEvent) => __typename === 'ConversationAssigned'
      const isStatus = ({ __typename }: LiveEvent) => __typename === 'ConversationStatusChanged'
      const expected = [
        of(({ conversation }) => conversation.id === one.id),
        of(event => event.conversation.id === other.id && (isAssigned(event) || isStatus(event))),
        of(event => isAssigned(event) || event.__typename === 'MessageAdded'),
        [],
      ]
      for (const [index, events] of expected.entries())
        expect(await heard[index]?.until(events.length)).toEqual(events)
    },
  )
})
