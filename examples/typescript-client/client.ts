/**
 * A typed client: it shows the newest open conversations, then every change of a status, also those that happen while
 * the gateway is away. The types of its documents are made from `documents.graphql` and the schema.
 *
 *     node examples/typescript-client/client.ts http://localhost:4000 "$(cat .data/demo-api-key)"
 */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { print } from 'graphql'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { InboxDocument, StatusChangesDocument, type StatusChangesSubscription } from './documents.ts'

const [, , url = 'http://localhost:4000', key = ''] = process.argv
const authorization = `Bearer ${key}`

/** Sends a query or a mutation. Its result and its variables have the types of the document. */
async function ask<Result, Variables>(
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ query: print(document), variables }),
  })
  const { data, errors } = (await response.json()) as { data: Result; errors?: { message: string }[] }
  if (errors?.[0]) throw new Error(errors[0].message)
  return data
}

const socket = createClient({
  url: `${url.replace(/^http/, 'ws')}/graphql`,
  webSocketImpl: WebSocket,
  connectionParams: { authorization },
  retryAttempts: Number.POSITIVE_INFINITY,
  shouldRetry: () => true,
})

/** Follows the log after a cursor. docs/live.md and `examples/resume.ts` have the rare errors too. */
function follow(after: string, onChange: (change: Change) => void): void {
  const payload = { query: print(StatusChangesDocument), variables: { after } }
  socket.subscribe<StatusChangesSubscription>(payload, {
    next({ data }) {
      if (!data) return
      // The stock client sends the payload again when it reconnects, so it goes on where it was.
      payload.variables.after = data.conversationStatusChanged.cursor
      onChange(data.conversationStatusChanged)
    },
    error: console.error,
    complete: () => setTimeout(() => follow(payload.variables.after, onChange), 500),
  })
}

type Change = StatusChangesSubscription['conversationStatusChanged']

const { workspace, conversations } = await ask(InboxDocument, { first: 5 })
console.info(`${workspace.name}: the newest ${conversations.edges.length} open conversations`)
for (const { node } of conversations.edges)
  console.info(`${node.id} ${node.contact.name ?? node.contact.email}: ${node.subject ?? 'no subject'}`)
follow(workspace.eventCursor, ({ conversation, previousStatus, status }) =>
  console.info(`${conversation.id} went from ${previousStatus} to ${status}`),
)
