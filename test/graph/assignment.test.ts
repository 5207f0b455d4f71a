import { describe, expect } from 'vitest'
import { test } from '../support/fixtures.ts'
import { type Client, newConversation } from '../support/gateway.ts'

describe('an assignment', () => {
  const assign = async (from: Client, input: object) => {
    const { id: conversationId } = await newConversation(from)
    return assignTo(from, conversationId, input)
  }
  const assignTo = (from: Client, conversationId: string, input: object) =>
    from.graphql<{ assignConversation: object }>(
      `mutation ($input: AssignConversationInput!) { assignConversation(input: $input) {
        conversation { assignedTo { id } } cursor userErrors { code message path } } }`,
      { input: { conversationId, ...input } },
    )

  test('goes to an agent and back to nobody, and repeated changes nothing', async ({ acme }) => {
    const { agentId } = acme
    const { id } = await newConversation(acme.client)
    const assigned = { conversation: { assignedTo: { id: agentId } }, userErrors: [] }
    expect((await assignTo(acme.client, id, { agentId })).data.assignConversation).toEqual({
      ...assigned,
      cursor: expect.any(String),
    })
    expect((await assignTo(acme.client, id, { agentId })).data.assignConversation).toEqual({
      ...assigned,
      cursor: null,
    })
    expect((await assignTo(acme.client, id, { agentId: null })).data.assignConversation).toEqual({
      conversation: { assignedTo: null },
      cursor: expect.any(String),
      userErrors: [],
    })
  })

  test('without agentId is refused, so that nobody unassigns by accident', async ({ acme }) => {
    expect((await assign(acme.client, {})).data.assignConversation).toMatchObject({
      userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'agentId'] }],
    })
  })

  test.for(['agt_unknown', 'ctc_1', 'x', ''])('to %j is NOT_FOUND', async (agentId, { acme }) => {
    expect((await assign(acme.client, { agentId })).data.assignConversation).toMatchObject({
      userErrors: [{ code: 'NOT_FOUND', message: 'Agent not found.', path: ['input', 'agentId'] }],
    })
  })
})
