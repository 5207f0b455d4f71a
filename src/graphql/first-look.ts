const operations = `# Put your key in place of YOUR_API_KEY, at "Headers" below.
# Then choose one of the three operations at the run button.

query Inbox {
  workspace {
    name
    eventCursor
    conversationCounts { open unread unassigned }
  }
  conversations(first: 5) {
    edges {
      node {
        id
        status
        subject
        contact { name email }
        assignedTo { name }
        messages(last: 3) {
          edges { node { direction preview createdAt } }
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}

mutation Close {
  setConversationStatus(input: { conversationId: "thd_xyz789", status: CLOSED }) {
    conversation { id status }
    cursor
    userErrors { code message path }
  }
}

subscription StatusChanges {
  conversationStatusChanged {
    cursor
    occurredAt
    previousStatus
    status
    conversation { id subject contact { name } }
  }
}
`

/** GraphiQL, served whole by us, with something to run and a place for the key. */
export const firstLook = {
  graphiql: {
    title: 'Conversations gateway',
    defaultQuery: operations,
    headers: JSON.stringify({ authorization: 'Bearer YOUR_API_KEY' }, null, 2),
    defaultEditorToolsVisibility: 'headers',
    subscriptionsProtocol: 'SSE',
    shouldPersistHeaders: false,
  },
  // Nine megabytes with every script inline: loaded when somebody looks, as most processes never show it.
  renderGraphiQL: async (options: object) =>
    (await import('@graphql-yoga/render-graphiql')).renderGraphiQL(options),
} as const
