import { expect } from 'vitest'
import { seedDemo } from '../../src/demo/seed.ts'
import { test as base } from '../support/fixtures.ts'
import { client, type Gateway, startGateway } from '../support/gateway.ts'

// The REST documentation, request by request, against the demo workspace, which holds the records that it prints.

async function demoOf(gateway: Gateway) {
  await seedDemo(gateway.db, { demoApiKey: 'YOUR_API_KEY', dataDir: '/nowhere' })
  return client(gateway.url, 'YOUR_API_KEY')
}

/** `demo` is for the tests that only read; one that changes it has `ownDemo`. */
const test = base
  .extend('demo', { scope: 'file' }, ({ gateway }) => demoOf(gateway))
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('ownDemo', async ({}, { onCleanup }) => {
    const gateway = await startGateway()
    onCleanup(gateway.close)
    return demoOf(gateway)
  })

const inbox = '/v1/workspaces/wrk_abc123/support/inbox'

const begins = (printed: string) => expect.stringMatching(new RegExp(`^${printed.replace(/\.\.\.$/, '')}`))

test('lists conversations as documented', async ({ demo: caller }) => {
  const { status, body } = await caller.rest('GET', `${inbox}/conversations?status=OPEN&limit=20`)
  expect(status).toBe(200)
  expect(body).toEqual({ conversations: { items: expect.any(Array), hasMore: true } })
  expect(body.conversations.items).toHaveLength(20)
  expect(body.conversations.items[0]).toEqual({
    id: 'thd_xyz789',
    status: 'OPEN',
    source: 'EMAIL',
    subject: 'Billing question',
    isUnread: true,
    lastMessageAt: '2025-03-12T14:30:00Z',
    lastMessagePreview: begins('Hi, I have a question about my invoice...'),
    assignedToId: 'agt_abc123',
    channelId: 'chn_def456',
    contact: {
      id: 'ctc_B7OSYsnTUVwBPOGrgYTjvSGS',
      email: 'jane@example.com',
      name: 'Jane Doe',
      avatarUrl: null,
    },
  })
})

test("lists a contact's conversations as documented", async ({ demo: caller }) => {
  const { status, body } = await caller.rest(
    'GET',
    `${inbox}/customers/ctc_B7OSYsnTUVwBPOGrgYTjvSGS/conversations`,
  )
  expect(status).toBe(200)
  expect(body).toEqual({
    conversations: {
      items: [
        {
          id: 'thd_xyz789',
          status: 'OPEN',
          source: 'EMAIL',
          subject: 'Billing question',
          lastMessageAt: '2025-03-12T14:30:00Z',
          lastMessagePreview: begins('Hi, I have a question...'),
          assignedToId: 'agt_abc123',
        },
        {
          id: 'thd_abc456',
          status: 'CLOSED',
          source: 'CHAT',
          subject: null,
          lastMessageAt: '2025-03-10T09:15:00Z',
          lastMessagePreview: 'Thanks for your help!',
          assignedToId: null,
        },
      ],
      hasMore: false,
    },
  })
})

test('updates a status as documented', async ({ ownDemo: caller }) => {
  const { status, body } = await caller.rest('PUT', `${inbox}/conversations/thd_xyz789/status`, {
    status: 'CLOSED',
  })
  expect(status).toBe(200)
  expect(body).toEqual({ conversation: { id: 'thd_xyz789', status: 'CLOSED' } })
})

test('reassigns as documented, and unassigns with null', async ({ ownDemo: caller }) => {
  const path = `${inbox}/conversations/thd_xyz789/assign`
  const assigned = await caller.rest('PUT', path, { agentId: 'agt_abc123' })
  expect(assigned.status).toBe(200)
  expect(assigned.body).toEqual({ conversation: { id: 'thd_xyz789', assignedToAgentId: 'agt_abc123' } })
  const unassigned = await caller.rest('PUT', path, { agentId: null })
  expect(unassigned.body).toEqual({ conversation: { id: 'thd_xyz789', assignedToAgentId: null } })
})

test('creates a conversation as documented', async ({ ownDemo: caller }) => {
  const { status, body } = await caller.rest('POST', `${inbox}/conversations`, {
    email: 'jane@example.com',
    name: 'Jane Doe',
    subject: 'Following up on your request',
    contentText: 'Hi Jane, I wanted to follow up on your recent support request...',
  })
  expect(status).toBe(201)
  expect(body).toEqual({
    conversation: { id: expect.stringMatching(/^thd_/) },
    contact: { id: 'ctc_B7OSYsnTUVwBPOGrgYTjvSGS' },
    message: {
      id: expect.stringMatching(/^msg_/),
      contentPreview: begins('Hi Jane, I wanted to follow up...'),
      status: 'SENT',
    },
  })
})

test('returns both documented errors', async ({ demo: caller }) => {
  const absent = await caller.rest('PUT', `${inbox}/conversations/thd_nope/status`, { status: 'OPEN' })
  expect(absent.status).toBe(404)
  expect(absent.body).toEqual({ statusCode: 404, error: 'Not Found', message: 'Conversation not found.' })
  const invalid = await caller.rest('PUT', `${inbox}/conversations/thd_xyz789/status`, { status: 'DONE' })
  expect(invalid.status).toBe(400)
  expect(invalid.body).toEqual({
    statusCode: 400,
    error: 'Bad Request',
    message: 'Invalid status. Must be one of: OPEN, CLOSED, ARCHIVED.',
  })
})
