import type { Client } from './gateway.ts'

export type State = { status: string; isUnread: boolean; lastMessagePreview: string; lastMessageAt: string }
type Added = {
  conversation: ({ id: string; source: string; subject: string | null } & State) | null
  contact?: { id: string; email: string; name: string | null } | null
  message: {
    id: string
    direction: string
    status: string
    text: string
    author: { id: string } | null
  } | null
  cursor: string | null
  replayed: boolean | null
  userErrors: { code: string; message: string; path: string[] }[]
}

const mutations = {
  createConversation: 'CreateConversationInput',
  replyToConversation: 'ReplyToConversationInput',
  addNote: 'AddNoteInput',
  receiveMessage: 'ReceiveMessageInput',
} as const

/** Runs one of the mutations that add a message, and returns its payload. */
export async function add(from: Client, mutation: keyof typeof mutations, input: object): Promise<Added> {
  const contact = ['createConversation', 'receiveMessage'].includes(mutation)
    ? 'contact { id email name }'
    : ''
  const { data, errors } = await from.graphql<Record<string, Added>>(
    `mutation ($input: ${mutations[mutation]}!) { payload: ${mutation}(input: $input) {
      conversation { id source subject status isUnread lastMessagePreview lastMessageAt } ${contact}
      message { id direction status text author { id } } cursor replayed userErrors { code message path }
    } }`,
    { input },
  )
  if (errors) throw new Error(JSON.stringify(errors))
  return data.payload as Added
}

/** Sets the status, the read state or both. */
export async function set(
  from: Client,
  id: string,
  { status, isUnread }: { status?: string; isUnread?: boolean },
) {
  if (status !== undefined)
    await from.graphql(
      'mutation ($id: ID!, $status: ConversationStatus!) { setConversationStatus(input: { conversationId: $id, status: $status }) { cursor } }',
      { id, status },
    )
  if (isUnread === undefined) return undefined
  const { data } = await from.graphql<{
    setConversationUnread: { conversation: State; cursor: string | null }
  }>(
    'mutation ($id: ID!, $isUnread: Boolean!) { setConversationUnread(input: { conversationId: $id, isUnread: $isUnread }) { cursor conversation { isUnread status } } }',
    { id, isUnread },
  )
  return data.setConversationUnread
}

/** The events of a conversation with their actors, oldest first. */
export async function eventsOf(from: Client, id: string) {
  const { data } = await from.graphql<{
    conversation: { events: { edges: { node: { __typename: string; actor: { id: string } | null } }[] } }
  }>(
    'query ($id: ID!) { conversation(id: $id) { events(first: 100) { edges { node { __typename actor { id } } } } } }',
    { id },
  )
  return data.conversation.events.edges.map(({ node }) => `${node.__typename} ${node.actor?.id ?? '-'}`)
}
