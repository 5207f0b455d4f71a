/**
 * The one table of what has an id: the id's prefix, the word for it in a refusal, and its GraphQL type. Loaders, `node`
 * and refusals are checked against it: a noun that is missing there does not compile.
 */
export const nouns = {
  workspace: { prefix: 'wrk', label: 'Workspace', typeName: 'Workspace' },
  agent: { prefix: 'agt', label: 'Agent', typeName: 'Agent' },
  channel: { prefix: 'chn', label: 'Channel', typeName: 'Channel' },
  contact: { prefix: 'ctc', label: 'Contact', typeName: 'Contact' },
  conversation: { prefix: 'thd', label: 'Conversation', typeName: 'Conversation' },
  message: { prefix: 'msg', label: 'Message', typeName: 'Message' },
  apiKey: { prefix: 'key', label: 'Key', typeName: 'ApiKey' },
  event: { prefix: 'evt', label: 'Event', typeName: 'ConversationEvent' },
} as const satisfies Record<string, { prefix: string; label: string; typeName: string }>

export type Noun = keyof typeof nouns
