import { keyOf, workspaces } from './dataset.ts'

/** A request that every server of a work is sent. */
export type Request = {
  method: 'GET' | 'POST'
  path: string
  headers: Record<string, string>
  body: string | null
}

const document = {
  Inbox: `query Inbox($first: Int!, $after: String) {
    conversations(first: $first, after: $after) {
      edges { node {
        id status source subject isUnread lastMessageAt lastMessagePreview
        contact { id name email avatarUrl }
        assignedTo { id name avatarUrl }
        messages(last: 3) { edges { node { id direction preview createdAt } } }
      } }
      pageInfo { hasNextPage endCursor }
    }
  }`,
  Conversation: `query Conversation($id: ID!) {
    conversation(id: $id) {
      id status source subject isUnread createdAt
      contact { id name email avatarUrl }
      messages(first: 50) {
        edges { node { id direction status text createdAt } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }`,
  History: `query History($id: ID!) {
    contact(id: $id) {
      id name email
      conversations(first: 20) {
        edges { node { id status subject isUnread lastMessageAt lastMessagePreview assignedTo { id name } } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }`,
  SetStatus: `mutation SetStatus($input: SetConversationStatusInput!) {
    setConversationStatus(input: $input) { conversation { id status } cursor userErrors { code message } }
  }`,
}

export const headersOf = (workspaceId: string) => ({ authorization: `Bearer ${keyOf(workspaceId)}` })

/** A request for an operation of the graph. */
export const operation = (
  operationName: keyof typeof document,
  variables: object,
  workspaceId = workspaces.large,
): Request => ({
  method: 'POST',
  path: '/graphql',
  headers: { ...headersOf(workspaceId), 'content-type': 'application/json', accept: 'application/json' },
  body: JSON.stringify({ operationName, query: document[operationName], variables }),
})
