// What a caller writes with a client that is made from the OpenAPI document. It is compiled, then run against a demo.
import createClient from 'openapi-fetch'
import type { components, paths } from './generated/api.d.ts'

type Conversation = components['schemas']['Conversation']

const [, , baseUrl = '', key = ''] = process.argv
const api = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${key}` } })
const workspaceId = 'wrk_abc123'
const inbox = '/v1/workspaces/{workspaceId}/support/inbox/conversations'

const list = await api.GET(inbox, { params: { path: { workspaceId }, query: { status: 'OPEN', limit: 20 } } })
const items: Conversation[] = list.data?.conversations.items ?? []
const [first] = items
if (items.length !== 20 || first === undefined) throw new Error(`The list has ${items.length} conversations.`)

const closed = await api.PUT(`${inbox}/{conversationId}/status`, {
  params: { path: { workspaceId, conversationId: first.id } },
  body: { status: 'CLOSED' },
})
if (closed.data?.conversation.status !== 'CLOSED') throw new Error('The conversation is not closed.')

const assigned = await api.PUT(`${inbox}/{conversationId}/assign`, {
  params: { path: { workspaceId, conversationId: first.id } },
  body: { agentId: null },
})
if (assigned.data?.conversation.assignedToAgentId !== null) throw new Error('The conversation is assigned.')

const history = await api.GET(
  '/v1/workspaces/{workspaceId}/support/inbox/customers/{contactId}/conversations',
  {
    params: { path: { workspaceId, contactId: first.contact.id } },
  },
)
if (!history.data?.conversations.items.some(({ id }) => id === first.id))
  throw new Error('The history lacks it.')

const created = await api.POST(inbox, {
  params: { path: { workspaceId } },
  body: { email: 'jane@example.com', contentText: 'Hello' },
})
if (!created.data?.conversation.id.startsWith('thd_')) throw new Error('Nothing was created.')

const missing = await api.PUT(`${inbox}/{conversationId}/status`, {
  params: { path: { workspaceId, conversationId: 'thd_nothing' } },
  body: { status: 'OPEN' },
})
if (missing.error?.statusCode !== 404) throw new Error('An unknown conversation is not 404.')
console.info('The typed client works.')
