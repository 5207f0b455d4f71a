import { expect } from 'vitest'
import type { Client } from '../gateway.ts'
import { type Conversation, type Inbox, lastMessage } from './inbox.ts'

/** All that the graph shows of a conversation, but for the ids, times and cursors of others. */
export const conversationFields = `fragment Shown on Conversation {
  id status source subject isUnread createdAt lastMessageAt lastMessagePreview
  contact { id email name } channel { id } assignedTo { id }
  messages(first: 100) { edges { node { id direction status text createdAt author { id } } } }
  events(first: 100) { edges { cursor node {
    __typename id cursor actor { id }
    ... on ConversationStatusChanged { previousStatus status }
    ... on ConversationAssigned { previousAssignedTo { id } assignedTo { id } }
    ... on ConversationReadStateChanged { isUnread }
    ... on MessageAdded { message { id } }
    ... on MessageStatusChanged { message { id } previousMessageStatus messageStatus }
  } } }
}`

export type ShownEvent = { cursor: string; node: { __typename: string; id: string; cursor: string } }

/** A conversation as the graph shows it. */
export type Shown = {
  id: string
  createdAt: string
  lastMessagePreview: string
  contact: { id: string }
  messages: { edges: { node: { id: string; status: string; author: { id: string } | null } }[] }
  events: { edges: ShownEvent[] }
}

/** Runs a query that must have no errors. */
export async function read<Data>(client: Client, query: string, variables: object = {}): Promise<Data> {
  const { data, errors } = await client.graphql<Data>(query, { ...variables })
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}

/** Reads a conversation; null: there is none. */
export async function readConversation(client: Client, id: string): Promise<Shown | null> {
  const query = `query ($id: ID!) { conversation(id: $id) { ...Shown } } ${conversationFields}`
  return (await read<{ conversation: Shown | null }>(client, query, { id })).conversation
}

const ref = (id: string | null) => (id === null ? null : { id })

/** Fails unless the graph shows a conversation as the model has it. */
export function expectShown(inbox: Inbox, conversation: Conversation, shown: Shown | null): void {
  const { id, status, source, subject, isUnread, createdAt, contact } = conversation
  const last = lastMessage(conversation)
  const log = inbox.log.filter(entry => entry.conversationId === id)
  expect(shown).toEqual({
    id,
    status,
    source,
    subject,
    isUnread,
    createdAt,
    lastMessageAt: last.createdAt,
    lastMessagePreview: expect.any(String),
    contact,
    channel: ref(conversation.channelId),
    assignedTo: ref(conversation.assignedToId),
    messages: {
      edges: conversation.messages.map(({ authorId, ...message }) => ({
        node: { ...message, author: { id: authorId } },
      })),
    },
    events: {
      edges: log.map(({ type, id, cursor, actorId, fields }) => ({
        cursor,
        node: { __typename: type, id, cursor, actor: ref(actorId), ...fields },
      })),
    },
  })
  expectPreview(shown?.lastMessagePreview ?? '', last.text)
}

/** A preview is the text on one line, or its beginning with three dots, in at most 140 characters. */
function expectPreview(preview: string, text: string): void {
  const line = text.trim().split(/\s+/).join(' ')
  if ([...line].length <= 140) {
    expect(preview).toBe(line)
    return
  }
  expect(preview.endsWith('...')).toBe(true)
  expect([...preview].length).toBeLessThanOrEqual(140)
  expect([...preview].length).toBeGreaterThan(3)
  expect(line.startsWith(preview.slice(0, -3))).toBe(true)
}
