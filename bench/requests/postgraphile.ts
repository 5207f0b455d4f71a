import { cursorOf, inboxCursors } from '../peers/connection.ts'
import type { Place } from '../peers/statements.ts'
import { workspaces } from './dataset.ts'
import { headersOf, type Request } from './operations.ts'

// PostGraphile makes a schema of its own from the tables. Its document renames the fields to the common names. It leads
// the order with the workspace, as the index does, so that PostgreSQL finds a deep page by the whole cursor.
const query = `query Inbox($first: Int!, $after: Cursor) {
  conversations: allConversations(
    first: $first, after: $after, orderBy: [WORKSPACE_ID_DESC, LAST_MESSAGE_AT_DESC, ROW_ID_DESC]
  ) {
    edges { node {
      id: rowId status source subject isUnread lastMessageAt lastMessagePreview
      contact: contactByWorkspaceIdAndContactId { id: rowId name email avatarUrl }
      assignedTo: agentByWorkspaceIdAndAssignedToId { id: rowId name avatarUrl }
      messages: messagesByWorkspaceIdAndConversationId(last: 3, orderBy: [CREATED_AT_ASC, PRIMARY_KEY_ASC]) {
        edges { node { id: rowId direction preview createdAt } }
      }
    } }
    pageInfo { hasNextPage endCursor }
  }
}`

/** How its cursors name this order. It refuses a cursor that has another name. */
const order = 'd09e3fd0f5'

/** The inbox of the large workspace; `after` null: its first page. */
export const postgraphileInbox = (first: number, after: Place | null): Request => ({
  method: 'POST',
  path: '/graphql',
  headers: { ...headersOf(workspaces.large), 'content-type': 'application/json', accept: 'application/json' },
  body: JSON.stringify({
    operationName: 'Inbox',
    query,
    variables: { first, after: after && ownCursorOf(after) },
  }),
})

const ownCursorOf = ({ at, id }: Place) =>
  Buffer.from(JSON.stringify([order, workspaces.large, at, id])).toString('base64')

/** Reads its times and cursors into the common form, as a reviver of JSON. */
export function revivePostgraphile(key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (key === 'lastMessageAt' || key === 'createdAt') return new Date(value).toISOString()
  if (key !== 'endCursor') return value
  const [, , at, id] = JSON.parse(Buffer.from(value, 'base64').toString()) as string[]
  return cursorOf(inboxCursors, { at: new Date(at ?? ''), id: id ?? '' })
}
