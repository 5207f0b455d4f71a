/** The operations that GraphiQL opens in tabs of their own. Their ids are those of the demo. */
export const operations = [
  `# The newest conversations, with their contact, assignee and last messages.
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
`,
  `# Words in any language, or the beginning of one.
query Search {
  conversations(first: 5, filter: { search: "jane inv" }) {
    edges { node { id subject lastMessagePreview contact { name } } }
  }
}
`,
  `# Leave it running, and change something in another tab or on the page.
subscription StatusChanges {
  conversationStatusChanged {
    cursor
    occurredAt
    previousStatus
    status
    conversation { id subject contact { name } }
  }
}
`,
  `# Over a WebSocket: this line says so. Without it, a subscription comes as an event stream.
subscription Events {
  conversationEvents {
    __typename
    cursor
    occurredAt
    actor { name }
    conversation { id subject status }
  }
}
`,
  `subscription Counts {
  conversationCountsChanged { open closed archived unread unassigned }
}
`,
  `# Closes, reopens or archives a conversation.
mutation SetStatus {
  setConversationStatus(input: { conversationId: "thd_xyz789", status: CLOSED }) {
    conversation { id status }
    cursor
    userErrors { code message path }
  }
}
`,
  `# A null agentId removes the assignee.
mutation Assign {
  assignConversation(input: { conversationId: "thd_xyz789", agentId: "agt_abc123" }) {
    conversation { id assignedTo { name } }
    userErrors { code message path }
  }
}
`,
  `mutation SetUnread {
  setConversationUnread(input: { conversationId: "thd_xyz789", isUnread: true }) {
    conversation { id isUnread }
    userErrors { code message path }
  }
}
`,
  `mutation Reply {
  replyToConversation(input: { conversationId: "thd_xyz789", contentText: "One seat, as of April." }) {
    message { id status text }
    userErrors { code message path }
  }
}
`,
  `# Only the team sees it.
mutation AddNote {
  addNote(input: { conversationId: "thd_xyz789", contentText: "Asked accounting." }) {
    message { id text }
    userErrors { code message path }
  }
}
`,
  `mutation Create {
  createConversation(
    input: { email: "jane@example.com", subject: "Following up", contentText: "Hi Jane, how did it go?" }
  ) {
    conversation { id subject }
    message { id status }
    userErrors { code message path }
  }
}
`,
  `# What a contact writes. It opens a conversation, or goes on with one.
mutation Receive {
  receiveMessage(input: { source: CHAT, email: "joe@example.com", name: "Joe", contentText: "Are you there?" }) {
    conversation { id status isUnread }
    userErrors { code message path }
  }
}
`,
  `# Up to a hundred conversations in one change.
mutation UpdateMany {
  updateConversations(input: { conversationIds: ["thd_xyz789", "thd_abc456"], status: OPEN, isUnread: false }) {
    results {
      conversation { id status isUnread }
      userErrors { code message path }
    }
    userErrors { code message path }
  }
}
`,
]
