import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ListedFragment } from './documents.ts'
import { badRequest, requireStatus } from './validation.ts'

/**
 * The query of a list, as variables of the graph.
 * @param maxPageSize a page that is documented as larger has this size
 * @throws Refusal INVALID_INPUT
 */
export function listing(request: FastifyRequest, maxPageSize: number) {
  const { status, limit = '20', cursor = null } = request.query as Record<string, unknown>
  if (typeof limit !== 'string' || !/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > 100)
    throw badRequest('Invalid limit. Must be an integer from 1 to 100.')
  if (cursor !== null && typeof cursor !== 'string') throw badRequest('Invalid cursor.')
  return {
    first: Math.min(Number(limit), maxPageSize),
    after: cursor,
    filter: status === undefined ? null : { status: [requireStatus(status)] },
  }
}

/**
 * The query of the inbox, which also takes `assignedToId`, `isUnread` and `search`: additions to the documentation.
 * @throws Refusal INVALID_INPUT
 */
export function inboxListing(request: FastifyRequest, maxPageSize: number) {
  const { filter, ...page } = listing(request, maxPageSize)
  const { assignedToId, isUnread, search } = request.query as Record<string, unknown>
  return {
    ...page,
    filter: {
      ...filter,
      ...(assignedToId === undefined ? {} : assignedTo(assignedToId)),
      ...(isUnread === undefined ? {} : { isUnread: requireBoolean(isUnread) }),
      ...(search === undefined ? {} : { search: requireText('search', search) }),
    },
  }
}

function assignedTo(value: unknown) {
  const id = requireText('assignedToId', value)
  return id === 'none' ? { isAssigned: false } : { assignedToId: [id] }
}

function requireBoolean(value: unknown): boolean {
  if (value !== 'true' && value !== 'false') throw badRequest('Invalid isUnread. Must be true or false.')
  return value === 'true'
}

function requireText(name: string, value: unknown): string {
  if (typeof value !== 'string') throw badRequest(`Invalid ${name}. Must be given once.`)
  return value
}

type Connection<Node> = {
  edges: { node: Node }[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

/**
 * The documented body of a list. It has no field for the next page, so a `Link` header (RFC 8288) gives it. The header
 * is present exactly if there is a next page. It is relative and keeps the other parameters.
 */
export function listBody<Node, Item>(
  request: FastifyRequest,
  reply: FastifyReply,
  { edges, pageInfo }: Connection<Node>,
  itemOf: (node: Node) => Item,
) {
  if (pageInfo.hasNextPage && pageInfo.endCursor) {
    const query = new URLSearchParams(request.url.split('?')[1])
    query.set('cursor', pageInfo.endCursor)
    reply.header('Link', `<?${query}>; rel="next"`)
  }
  return { conversations: { items: edges.map(({ node }) => itemOf(node)), hasMore: pageInfo.hasNextPage } }
}

/** The seven fields that both lists show, times in whole seconds. */
export function listed(conversation: ListedFragment) {
  return {
    id: conversation.id,
    status: conversation.status,
    source: conversation.source,
    subject: conversation.subject,
    lastMessageAt: `${conversation.lastMessageAt.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}Z`,
    lastMessagePreview: conversation.lastMessagePreview,
    assignedToId: conversation.assignedTo?.id ?? null,
  }
}
