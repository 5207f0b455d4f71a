import { GraphQLScalarType } from 'graphql'

/** The part of the gateway's schema that the work asks for. */
export const typeDefs = `
  scalar DateTime
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Agent { id: ID! name: String avatarUrl: String }
  type Contact {
    id: ID! name: String email: String! avatarUrl: String
    conversations(first: Int!): ConversationConnection!
  }
  type Message { id: ID! direction: String! status: String! preview: String! text: String! createdAt: DateTime! }
  type MessageEdge { node: Message! }
  type MessageConnection { edges: [MessageEdge!]! pageInfo: PageInfo! }
  type Conversation {
    id: ID! status: String! source: String! subject: String isUnread: Boolean! lastMessageAt: DateTime!
    lastMessagePreview: String! createdAt: DateTime! contact: Contact! assignedTo: Agent
    messages(first: Int, last: Int): MessageConnection!
  }
  type ConversationEdge { node: Conversation! }
  type ConversationConnection { edges: [ConversationEdge!]! pageInfo: PageInfo! }
  type Query {
    conversations(first: Int!, after: String): ConversationConnection!
    conversation(id: ID!): Conversation
    contact(id: ID!): Contact
  }`

export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  serialize: date => (date as Date).toISOString(),
})

/** The messages of a connection: the first ones with their texts, or the last ones. */
export type MessageArguments = { first?: number | null; last?: number | null }
