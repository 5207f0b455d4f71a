import { describe, expect } from 'vitest'
import { test } from '../support/fixtures.ts'
import { type Client, newConversation } from '../support/gateway.ts'
import { rowsOf } from '../support/rows.ts'

describe('a status', () => {
  const set = (from: Client, id: string, status: string) =>
    from.graphql<{ setConversationStatus: object }>(
      `mutation ($id: ID!) { setConversationStatus(input: { conversationId: $id, status: ${status} }) {
        conversation { status } cursor userErrors { code message path } } }`,
      { id },
    )

  test('may follow any other, and the same one changes nothing', async ({ gateway, acme }) => {
    const { id } = await newConversation(acme.client)
    for (const status of ['ARCHIVED', 'OPEN', 'CLOSED', 'ARCHIVED', 'CLOSED', 'OPEN']) {
      const { data } = await set(acme.client, id, status)
      expect(data.setConversationStatus).toEqual({
        conversation: { status },
        cursor: expect.any(String),
        userErrors: [],
      })
    }
    const before = await rowsOf(gateway.db, acme.id)
    const { data } = await set(acme.client, id, 'OPEN')
    expect(data.setConversationStatus).toEqual({
      conversation: { status: 'OPEN' },
      cursor: null,
      userErrors: [],
    })
    expect(await rowsOf(gateway.db, acme.id)).toEqual(before)
  })

  test.for(['thd_unknown', 'ctc_1', 'x', '', 'thd_\0', `thd_${'x'.repeat(5_000)}`])(
    'of %.20j is NOT_FOUND',
    async (id, { acme }) => {
      const { data } = await set(acme.client, id, 'OPEN')
      expect(data.setConversationStatus).toEqual({
        conversation: null,
        cursor: null,
        userErrors: [
          { code: 'NOT_FOUND', message: 'Conversation not found.', path: ['input', 'conversationId'] },
        ],
      })
    },
  )

  test('that does not exist is refused before anything runs', async ({ acme }) => {
    const { id } = await newConversation(acme.client)
    const { errors, data } = await set(acme.client, id, 'DONE')
    expect(errors?.[0]?.extensions.code).toBe('INVALID_INPUT')
    expect(data).toBeUndefined()
  })
})

test('a second change in one request answers with lists as they are after it', async ({ acme }) => {
  const { id } = await newConversation(acme.client, 'twice@example.com')
  const change = (
    status: string,
  ) => `setConversationStatus(input: { conversationId: "${id}", status: ${status} }) {
    conversation { contact { conversations(filter: { status: [OPEN] }) { totalCount edges { node { id } } } } }
  }`
  const { data } = await acme.client.graphql(`mutation { a: ${change('CLOSED')} b: ${change('OPEN')} }`)
  const answer = (ids: string[]) => ({
    conversation: {
      contact: {
        conversations: { totalCount: ids.length, edges: ids.map(each => ({ node: { id: each } })) },
      },
    },
  })
  expect(data).toEqual({ a: answer([]), b: answer([id]) })
})
