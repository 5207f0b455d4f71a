/** The subscription of every subscriber in the benchmark. */
export const subscription = `subscription ($after: EventCursor) {
  conversationStatusChanged(after: $after) {
    cursor occurredAt previousStatus status
    conversation { id subject lastMessagePreview contact { name } }
  }
}`

/** A result as large as the gateway's, for the servers without a database. */
export const sample = {
  conversationStatusChanged: {
    cursor: 'bp2gto5e00000000002',
    occurredAt: '2025-03-12T14:30:00.000Z',
    previousStatus: 'OPEN',
    status: 'CLOSED',
    conversation: {
      id: 'thd_01jdxtbrasffh8mxhdzqw0sakp',
      subject: 'A question',
      lastMessagePreview: `Hello, ${'I have a question about my invoice. '.repeat(3)}`.trim(),
      contact: { name: 'Jane Doe' },
    },
  },
}
