// Mercurius with its JIT. Its loaders batch without its cache of results, which costs more here than it saves.
import fastify from 'fastify'
import mercurius from 'mercurius'
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

type Context = { workspaceId: string }
type Queries<Parent, Arguments = object> = { obj: Parent; params: Arguments }[]

const uncached = <Loader>(loader: Loader) => ({ loader, opts: { cache: false } })

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
}

const loaders = {
  Conversation: {
    contact: uncached((queries: Queries<Conversation>, { workspaceId }: Context) =>
      contactsInOrder(
        workspaceId,
        queries.map(({ obj }) => obj.contactId),
      ),
    ),
    assignedTo: uncached((queries: Queries<Conversation>, { workspaceId }: Context) =>
      agentsInOrder(
        workspaceId,
        queries.map(({ obj }) => obj.assignedToId),
      ),
    ),
    messages: uncached((queries: Queries<Conversation, MessageArguments>, { workspaceId }: Context) =>
      messagesInOrder(
        workspaceId,
        queries.map(({ obj }) => obj.id),
        queries[0]?.params ?? {},
      ),
    ),
  },
}

const app = fastify()
app.register(mercurius, {
  schema: typeDefs,
  resolvers: resolvers as never,
  loaders: loaders as never,
  jit: 1,
  context: async request => ({ workspaceId: await workspaceOf(request.headers.authorization) }),
})
await app.listen({ host: '127.0.0.1', port: 0 })
ready((app.server.address() as { port: number }).port)
