import { expect } from 'vitest'
import { test } from '../support/fixtures.ts'
import { newConversation, newWorkspace, type Workspace } from '../support/gateway.ts'

type Answered = {
  status: number
  headers: Headers
  body: { conversations: { items: { id: string }[]; hasMore: boolean } }
}

const list = async ({ id, client }: Workspace, query: string): Promise<Answered> =>
  client.rest('GET', `/v1/workspaces/${id}/support/inbox/conversations${query}`)

const idsOf = async (workspace: Workspace, query: string) => {
  const { status, body } = await list(workspace, query)
  expect(status, query).toBe(200)
  return body.conversations.items.map(({ id }) => id)
}

test('the list is filtered by assignee, by read state and by words, and pages keep the filters', async ({
  acme,
}) => {
  const first = await newConversation(acme.client, 'one@example.com', 'About a zeppelin')
  const second = await newConversation(acme.client, 'two@example.com', 'About a zeppelin too')
  const third = await newConversation(acme.client, 'three@example.com', 'About a train')
  await acme.client.graphql(
    `mutation { a: assignConversation(input: { conversationId: "${first.id}", agentId: "${acme.agentId}" }) { cursor }
      b: setConversationUnread(input: { conversationId: "${second.id}", isUnread: true }) { cursor } }`,
  )
  expect(await idsOf(acme, `?assignedToId=${acme.agentId}`)).toEqual([first.id])
  expect(await idsOf(acme, '?assignedToId=none')).toEqual([third.id, second.id])
  expect(await idsOf(acme, '?assignedToId=agt_unknown')).toEqual([])
  expect(await idsOf(acme, '?isUnread=true')).toEqual([second.id])
  expect(await idsOf(acme, '?isUnread=false')).toEqual([third.id, first.id])
  expect(await idsOf(acme, '?search=ZEPP')).toEqual([second.id, first.id])
  expect(await idsOf(acme, '?search=zeppelin&assignedToId=none')).toEqual([second.id])
  expect(await idsOf(acme, '?search=zeppelin&status=CLOSED')).toEqual([])
  expect(await idsOf(acme, '?search=')).toHaveLength(3)
  const page = await list(acme, '?search=zeppelin&limit=1')
  const next = /<(.*)>/.exec(page.headers.get('link') ?? '')?.[1] ?? ''
  expect(new URLSearchParams(next).get('search')).toBe('zeppelin')
  expect(await idsOf(acme, next)).toEqual([first.id])
})

test('another workspace has nothing of an agent that is not its own', async ({ gateway, acme }) => {
  const other = await newWorkspace(gateway)
  await newConversation(other.client)
  expect(await idsOf(other, `?assignedToId=${acme.agentId}`)).toEqual([])
})

test('bad values are refused', async ({ acme }) => {
  for (const [query, message] of [
    ['?isUnread=yes', 'Invalid isUnread. Must be true or false.'],
    ['?isUnread=', 'Invalid isUnread. Must be true or false.'],
    ['?assignedToId=a&assignedToId=b', 'Invalid assignedToId. Must be given once.'],
    ['?search=%3F', 'search must contain a letter or a digit.'],
    [`?search=${'x'.repeat(201)}`, 'search must be at most 200 characters long.'],
    ['?search=a%00', 'search must not contain NUL or broken characters.'],
  ] as const) {
    const { status, body } = await list(acme, query)
    expect([status, body], query).toEqual([400, { statusCode: 400, error: 'Bad Request', message }])
  }
})
