import { describe, expect } from 'vitest'
import { test } from '../support/fixtures.ts'
import { newConversation, type Workspace } from '../support/gateway.ts'
import { rowsOf } from '../support/rows.ts'

describe('the REST paths', () => {
  const inbox = (acme: Workspace) => `/v1/workspaces/${acme.id}/support/inbox`
  const refusal = (statusCode: number, error: string, message: string) => ({
    status: statusCode,
    body: { statusCode, error, message },
  })

  test.for<[string, string]>([
    ['status=DONE', 'Invalid status. Must be one of: OPEN, CLOSED, ARCHIVED.'],
    ['status=', 'Invalid status. Must be one of: OPEN, CLOSED, ARCHIVED.'],
    ['status=OPEN&status=CLOSED', 'Invalid status. Must be one of: OPEN, CLOSED, ARCHIVED.'],
    ['limit=0', 'Invalid limit. Must be an integer from 1 to 100.'],
    ['limit=101', 'Invalid limit. Must be an integer from 1 to 100.'],
    ['limit=1.5', 'Invalid limit. Must be an integer from 1 to 100.'],
    ['limit=', 'Invalid limit. Must be an integer from 1 to 100.'],
    ['limit=5&limit=6', 'Invalid limit. Must be an integer from 1 to 100.'],
    ['cursor=nonsense', 'Invalid cursor.'],
    ['cursor=', 'Invalid cursor.'],
  ])('refuse a list with ?%s', async ([query, message], { acme }) => {
    expect(await acme.client.rest('GET', `${inbox(acme)}/conversations?${query}`)).toMatchObject(
      refusal(400, 'Bad Request', message),
    )
  })

  test('page by the Link header, which keeps the other parameters', async ({ acme }) => {
    for (const email of ['one@example.com', 'two@example.com']) await newConversation(acme.client, email)
    const first = await acme.client.rest(
      'GET',
      `${inbox(acme)}/conversations?limit=1&unknown=kept&status=OPEN`,
    )
    expect(first.body.conversations.hasMore).toBe(true)
    const link = /^<(\?[^>]+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    expect(new URLSearchParams(link).get('unknown')).toBe('kept')
    const second = await acme.client.rest('GET', `${inbox(acme)}/conversations${link}`)
    expect(second.body.conversations.items).toHaveLength(1)
    expect(second.body.conversations.items[0].id).not.toBe(first.body.conversations.items[0].id)
    const last = await acme.client.rest('GET', `${inbox(acme)}/conversations?limit=100`)
    expect(last.body.conversations.hasMore).toBe(false)
    expect(last.headers.get('link')).toBeNull()
  })

  test('hide archived conversations from the list, and show them in the history', async ({ acme }) => {
    const { id, contactId } = await newConversation(acme.client, 'archive@example.com')
    await acme.client.rest('PUT', `${inbox(acme)}/conversations/${id}/status`, { status: 'ARCHIVED' })
    const ids = (body: { conversations: { items: { id: string }[] } }) =>
      body.conversations.items.map(item => item.id)
    const { id: other } = await newConversation(acme.client)
    expect(ids((await acme.client.rest('GET', `${inbox(acme)}/conversations?limit=100`)).body)).toEqual([
      other,
    ])
    expect(ids((await acme.client.rest('GET', `${inbox(acme)}/conversations?status=ARCHIVED`)).body)).toEqual(
      [id],
    )
    expect(
      ids((await acme.client.rest('GET', `${inbox(acme)}/customers/${contactId}/conversations`)).body),
    ).toEqual([id])
  })

  test.for<[string, string, string, unknown, number, string, string]>([
    [
      'an assignment without agentId',
      'PUT',
      '/conversations/ID/assign',
      {},
      400,
      'Bad Request',
      'agentId must be given; null unassigns.',
    ],
    [
      'an agentId that is a number',
      'PUT',
      '/conversations/ID/assign',
      { agentId: 5 },
      400,
      'Bad Request',
      'agentId must be text or null.',
    ],
    [
      'a status that is missing',
      'PUT',
      '/conversations/ID/status',
      {},
      400,
      'Bad Request',
      'Invalid status. Must be one of: OPEN, CLOSED, ARCHIVED.',
    ],
    [
      'a status in a list',
      'PUT',
      '/conversations/ID/status',
      { status: ['OPEN'] },
      400,
      'Bad Request',
      'Invalid status. Must be one of: OPEN, CLOSED, ARCHIVED.',
    ],
    [
      'a body that is null',
      'PUT',
      '/conversations/ID/status',
      'null',
      400,
      'Bad Request',
      'The body must be a JSON object.',
    ],
    [
      'a create without an address',
      'POST',
      '/conversations',
      { contentText: 'Hi' },
      400,
      'Bad Request',
      'email must be given.',
    ],
    [
      'a create with a bad address',
      'POST',
      '/conversations',
      { email: 'jane', contentText: 'Hi' },
      400,
      'Bad Request',
      'email must be an e-mail address.',
    ],
    [
      'a create with a number',
      'POST',
      '/conversations',
      { email: 'a@example.com', contentText: 5 },
      400,
      'Bad Request',
      'contentText must be text.',
    ],
  ])('refuse %s', async ([_, method, path, body, status, error, message], { gateway, acme, skip }) => {
    skip(process.env.PRISM !== undefined && body === 'null', 'Prism forwards no body in its place.')
    const { id } = await newConversation(acme.client)
    const before = await rowsOf(gateway.db, acme.id)
    const answer = await acme.client.rest(method, inbox(acme) + path.replace('ID', id), body)
    expect(answer).toMatchObject(refusal(status, error, message))
    expect(await rowsOf(gateway.db, acme.id)).toEqual(before)
  })
})
