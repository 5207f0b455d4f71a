// The documented REST list by hand: a Fastify route with a response schema, and named statements.
import fastify from 'fastify'
import { byId, byLastMessage, connectionOf, distinct, inboxCursors, placeOf } from './connection.ts'
import { ready } from './listen.ts'
import { contactsOf, inboxPage, workspaceOf } from './statements.ts'

const text = { type: 'string' }
const orNull = { type: ['string', 'null'] }
const object = (properties: Record<string, object>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
})
const item = object({
  id: text,
  status: text,
  source: text,
  subject: orNull,
  isUnread: { type: 'boolean' },
  lastMessageAt: text,
  lastMessagePreview: text,
  assignedToId: orNull,
  channelId: orNull,
  contact: object({ id: text, email: text, name: orNull, avatarUrl: orNull }),
})
const list = object({
  conversations: object({ items: { type: 'array', items: item }, hasMore: { type: 'boolean' } }),
})

const app = fastify()
app.get<{ Params: { workspaceId: string }; Querystring: { limit: number; cursor?: string } }>(
  '/v1/workspaces/:workspaceId/support/inbox/conversations',
  {
    schema: {
      querystring: {
        type: 'object',
        properties: { limit: { type: 'integer', minimum: 1, maximum: 100, default: 20 }, cursor: text },
      },
      response: { 200: list },
    },
  },
  async (request, reply) => {
    const workspaceId = await workspaceOf(request.headers.authorization)
    if (workspaceId !== request.params.workspaceId) return reply.code(404).send()
    const { limit, cursor } = request.query
    const rows = await inboxPage(workspaceId, limit, placeOf(cursor))
    const { edges, pageInfo } = connectionOf(inboxCursors, rows, limit, byLastMessage)
    const contacts = byId(await contactsOf(workspaceId, distinct(edges.map(({ node }) => node.contactId))))
    if (pageInfo.hasNextPage && pageInfo.endCursor) {
      const query = new URLSearchParams(request.url.split('?')[1])
      query.set('cursor', pageInfo.endCursor)
      reply.header('Link', `<?${query}>; rel="next"`)
    }
    const items = edges.map(({ node }) => ({
      ...node,
      lastMessageAt: `${node.lastMessageAt.toISOString().slice(0, 19)}Z`,
      contact: contacts.get(node.contactId),
    }))
    return { conversations: { items, hasMore: pageInfo.hasNextPage } }
  },
)
await app.listen({ host: '127.0.0.1', port: 0 })
ready((app.server.address() as { port: number }).port)
