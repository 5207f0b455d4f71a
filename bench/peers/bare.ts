// What somebody writes by hand: `node:http`, and four named statements for the inbox.
import {
  byCreation,
  byId,
  byLastMessage,
  connectionOf,
  distinct,
  inboxCursors,
  messageCursors,
  oldestFirstByConversation,
  placeOf,
} from './connection.ts'
import { type Body, listenBare } from './listen.ts'
import {
  agentsOf,
  type Conversation,
  contactOf,
  contactsOf,
  conversationOf,
  firstMessagesOf,
  historyOf,
  inboxPage,
  lastMessagesOf,
} from './statements.ts'

const answers: Record<string, (workspaceId: string, variables: Body['variables']) => Promise<object>> = {
  async Inbox(workspaceId, { first, after }) {
    const size = Number(first)
    const page = await inboxPage(workspaceId, size, placeOf(after as string | null))
    const shown = page.slice(0, size)
    const [contacts, agents, messages] = await Promise.all([
      contactsOf(workspaceId, distinct(shown.map(row => row.contactId))),
      agentsOf(workspaceId, distinct(shown.map(row => row.assignedToId))),
      lastMessagesOf(
        workspaceId,
        shown.map(row => row.id),
        3,
      ),
    ])
    const [contact, agent] = [byId(contacts), byId(agents)]
    const lastMessages = oldestFirstByConversation(messages)
    const { edges, pageInfo } = connectionOf(inboxCursors, page, size, byLastMessage)
    const nodeOf = (row: Conversation) => ({
      id: row.id,
      status: row.status,
      source: row.source,
      subject: row.subject,
      isUnread: row.isUnread,
      lastMessageAt: row.lastMessageAt,
      lastMessagePreview: row.lastMessagePreview,
      contact: contact.get(row.contactId),
      assignedTo: row.assignedToId === null ? null : agent.get(row.assignedToId),
      messages: {
        edges: (lastMessages.get(row.id) ?? []).map(({ id, direction, preview, createdAt }) => ({
          node: { id, direction, preview, createdAt },
        })),
      },
    })
    return { conversations: { edges: edges.map(({ node }) => ({ node: nodeOf(node) })), pageInfo } }
  },

  async Conversation(workspaceId, { id }) {
    const [row, messages] = await Promise.all([
      conversationOf(workspaceId, String(id)),
      firstMessagesOf(workspaceId, String(id), 50),
    ])
    if (!row) return { conversation: null }
    const contact = await contactOf(workspaceId, row.contactId)
    const { edges, pageInfo } = connectionOf(messageCursors, messages, 50, byCreation)
    return {
      conversation: {
        id: row.id,
        status: row.status,
        source: row.source,
        subject: row.subject,
        isUnread: row.isUnread,
        createdAt: row.createdAt,
        contact,
        messages: {
          edges: edges.map(({ node: { id, direction, status, text, createdAt } }) => ({
            node: { id, direction, status, text, createdAt },
          })),
          pageInfo,
        },
      },
    }
  },

  async History(workspaceId, { id }) {
    const [contact, page] = await Promise.all([
      contactOf(workspaceId, String(id)),
      historyOf(workspaceId, String(id), 20),
    ])
    if (!contact) return { contact: null }
    const agent = byId(await agentsOf(workspaceId, distinct(page.map(row => row.assignedToId))))
    const { edges, pageInfo } = connectionOf(inboxCursors, page, 20, byLastMessage)
    const nodeOf = ({
      id,
      status,
      subject,
      isUnread,
      lastMessageAt,
      lastMessagePreview,
      ...row
    }: Conversation) => {
      const assignee = agent.get(row.assignedToId ?? '')
      const assignedTo = assignee ? { id: assignee.id, name: assignee.name } : null
      return { id, status, subject, isUnread, lastMessageAt, lastMessagePreview, assignedTo }
    }
    const { id: contactId, name, email } = contact
    const conversations = { edges: edges.map(({ node }) => ({ node: nodeOf(node) })), pageInfo }
    return { contact: { id: contactId, name, email, conversations } }
  },
}

listenBare(async (workspaceId, { operationName, variables }) => {
  const answer = answers[operationName]
  if (!answer) throw new Error(`There is no operation ${operationName}.`)
  return JSON.stringify({ data: await answer(workspaceId, variables) })
})
