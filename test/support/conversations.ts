import type { Client } from './gateway.ts'

/** The newest cursor of a workspace's log. */
export async function eventCursor(from: Client): Promise<string> {
  const { data } = await from.graphql<{ workspace: { eventCursor: string } }>('{ workspace { eventCursor } }')
  return data.workspace.eventCursor
}

export const setStatus = `mutation ($id: ID!, $status: ConversationStatus!) {
  setConversationStatus(input: { conversationId: $id, status: $status }) { cursor userErrors { message } }
}`

/** Sets a conversation's status, and returns the cursor of the change; null: it had this status. */
export async function changeStatus(from: Client, id: string, status: string): Promise<string | null> {
  type Changed = { setConversationStatus: { cursor: string | null } }
  const { data } = await from.graphql<Changed>(setStatus, { id, status })
  return data.setConversationStatus.cursor
}

/** Sets a conversation's status and assignee in one request. */
export const change = (from: Client, id: string, status: string, agentId: string | null) =>
  from.graphql(
    `mutation ($id: ID!, $status: ConversationStatus!, $agentId: ID) {
      setConversationStatus(input: { conversationId: $id, status: $status }) { cursor }
      assignConversation(input: { conversationId: $id, agentId: $agentId }) { cursor }
    }`,
    { id, status, agentId },
  )

/** Closes and opens a conversation in turn, and returns the cursors of the changes. */
export async function turn(from: Client, id: string, times: number): Promise<string[]> {
  const { data } = await from.graphql<{ conversation: { status: string } }>(
    'query ($id: ID!) { conversation(id: $id) { status } }',
    { id },
  )
  const cursors: string[] = []
  for (let open = data.conversation.status === 'OPEN'; cursors.length < times; open = !open)
    cursors.push((await changeStatus(from, id, open ? 'CLOSED' : 'OPEN')) ?? '')
  return cursors
}

/** A workspace's kept counts of conversations. */
export async function counts(from: Client): Promise<Record<string, number>> {
  const { data } = await from.graphql<{ workspace: { conversationCounts: Record<string, number> } }>(
    '{ workspace { conversationCounts { open closed archived unread unassigned } } }',
  )
  return data.workspace.conversationCounts
}
