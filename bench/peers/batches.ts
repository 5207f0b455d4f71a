import {
  byCreation,
  byId,
  byLastMessage,
  connectionOf,
  distinct,
  inboxCursors,
  messageCursors,
  oldestFirstByConversation,
} from './connection.ts'
import type { MessageArguments } from './schema.ts'
import {
  agentsOf,
  type Conversation,
  contactsOf,
  firstMessagesOf,
  historyOf,
  inboxPage,
  lastMessagesOf,
  type Place,
} from './statements.ts'

// What the loaders of the GraphQL peers have in common: one statement for all parents, results in their order.

export async function contactsInOrder(workspaceId: string, ids: readonly string[]) {
  const found = byId(await contactsOf(workspaceId, distinct(ids)))
  return ids.map(id => found.get(id) ?? null)
}

export async function agentsInOrder(workspaceId: string, ids: readonly (string | null)[]) {
  const wanted = distinct(ids)
  const found = byId(wanted.length > 0 ? await agentsOf(workspaceId, wanted) : [])
  return ids.map(id => (id === null ? null : (found.get(id) ?? null)))
}

/** The same page of messages of each conversation. */
export async function messagesInOrder(
  workspaceId: string,
  ids: readonly string[],
  { first, last }: MessageArguments,
) {
  if (last == null) {
    const size = first ?? 10
    const lists = await Promise.all(ids.map(id => firstMessagesOf(workspaceId, id, size)))
    return lists.map(rows => connectionOf(messageCursors, rows, size, byCreation))
  }
  const found = oldestFirstByConversation(await lastMessagesOf(workspaceId, ids, last))
  return ids.map(id => connectionOf(messageCursors, found.get(id) ?? [], last, byCreation))
}

const conversations = (rows: readonly Conversation[], size: number) =>
  connectionOf(inboxCursors, rows, size, byLastMessage)

export const inboxConnection = async (workspaceId: string, size: number, after: Place | null) =>
  conversations(await inboxPage(workspaceId, size, after), size)

export const historyConnection = async (workspaceId: string, contactId: string, size: number) =>
  conversations(await historyOf(workspaceId, contactId, size), size)
