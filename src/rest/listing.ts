import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ConversationStatus, ListedFragment } from './documents.ts'
import { Refused } from './errors.ts'

export const statuses = ['OPEN', 'CLOSED', 'ARCHIVED'] as const

const isStatus = (value: unknown): value is ConversationStatus => statuses.some(status => status === value)

/** One of the documented statuses, and nothing else. @throws Refused 400 */
export function statusOf(value: unknown): ConversationStatus {
  if (!isStatus(value)) throw new Refused(400, `Invalid status. Must be one of: ${statuses.join(', ')}.`)
  return value
}

/** What a list's query asks for, as the graph's variables. @throws Refused 400 */
export function listing(request: FastifyRequest) {
  const { status, limit = '20', cursor = null } = request.query as Record<string, unknown>
  if (typeof limit !== 'string' || !/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > 100)
    throw new Refused(400, 'Invalid limit. Must be an integer from 1 to 100.')
  if (cursor !== null && typeof cursor !== 'string') throw new Refused(400, 'Invalid cursor.')
  return {
    first: Number(limit),
    after: cursor,
    filter: status === undefined ? null : { status: [statusOf(status)] },
  }
}

type Connection<Node> = {
  edges: { node: Node }[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

/**
 * The documented body of a list. It has no field for the next page, so that is told by a `Link` header (RFC 8288),
 * present exactly when there is one, relative, and with the other parameters kept.
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
export function listed({ assignedTo, lastMessageAt, ...conversation }: ListedFragment) {
  return {
    id: conversation.id,
    status: conversation.status,
    source: conversation.source,
    subject: conversation.subject,
    lastMessageAt: `${lastMessageAt.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}Z`,
    lastMessagePreview: conversation.lastMessagePreview,
    assignedToId: assignedTo?.id ?? null,
  }
}
