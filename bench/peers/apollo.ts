// Apollo Server with its own HTTP server, and a DataLoader per request and relation.
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import DataLoader from 'dataloader'
import {
  agentsInOrder,
  contactsInOrder,
  historyConnection,
  inboxConnection,
  messagesInOrder,
} from './batches.ts'
import { placeOf } from './connection.ts'
import { ready } from './listen.ts'
import { DateTime, type MessageArguments, typeDefs } from './schema.ts'
import { type Contact, type Conversation, contactOf, conversationOf, workspaceOf } from './statements.ts'

async function contextOf(authorization: string | undefined) {
  const workspaceId = await workspaceOf(authorization)
  const messages = new Map<string, DataLoader<string, unknown>>()
  return {
    workspaceId,
    contacts: new DataLoader((ids: readonly string[]) => contactsInOrder(workspaceId, ids)),
    agents: new DataLoader((ids: readonly string[]) => agentsInOrder(workspaceId, ids)),
    /** Conversations with the same arguments share a loader. */
    messages(page: MessageArguments) {
      const key = `${page.first}:${page.last}`
      const loader = messages.get(key) ?? new DataLoader(ids => messagesInOrder(workspaceId, ids, page))
      messages.set(key, loader)
      return loader
    },
  }
}

type Context = Awaited<ReturnType<typeof contextOf>>

const resolvers = {
  DateTime,
  Query: {
    conversations: (
      _: unknown,
      { first, after }: { first: number; after?: string },
      { workspaceId }: Context,
    ) => inboxConnection(workspaceId, first, placeOf(after)),
    conversation: (_: unknown, { id }: { id: string }, { workspaceId }: Context) =>
      conversationOf(workspaceId, id),
    contact: (_: unknown, { id }: { id: string }, { workspaceId }: Context) => contactOf(workspaceId, id),
  },
  Contact: {
    conversations: ({ id }: Contact, { first }: { first: number }, { workspaceId }: Context) =>
      historyConnection(workspaceId, id, first),
  },
  Conversation: {
    contact: ({ contactId }: Conversation, _: unknown, { contacts }: Context) => contacts.load(contactId),
    assignedTo: ({ assignedToId }: Conversation, _: unknown, { agents }: Context) =>
      assignedToId === null ? null : agents.load(assignedToId),
    messages: ({ id }: Conversation, page: MessageArguments, { messages }: Context) =>
      messages(page).load(id),
  },
}

const server = new ApolloServer<Context>({ typeDefs, resolvers, introspection: false })
const { url } = await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: 0 },
  context: ({ req }) => contextOf(req.headers.authorization),
})
ready(Number(new URL(url).port))
