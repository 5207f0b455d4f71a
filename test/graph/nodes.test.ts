import { expect } from 'vitest'
import { test } from '../support/fixtures.ts'
import { newConversation } from '../support/gateway.ts'

test('nodes returns at most 100 nodes in the order of the ids, and null where there is none', async ({
  acme,
}) => {
  const { id: conversationId } = await newConversation(acme.client)
  const ids = [conversationId, 'thd_unknown', 'x', acme.agentId, acme.id]
  const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }'
  const { data } = await acme.client.graphql<{ nodes: unknown[] }>(query, { ids })
  expect(data.nodes).toEqual([
    { __typename: 'Conversation', id: conversationId },
    null,
    null,
    { __typename: 'Agent', id: acme.agentId },
    { __typename: 'Workspace', id: acme.id },
  ])
  const { errors } = await acme.client.graphql(query, { ids: Array.from({ length: 101 }, () => 'x') })
  expect(errors?.[0]?.extensions).toEqual({ code: 'INVALID_INPUT', path: ['ids'] })
})
