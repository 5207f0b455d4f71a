import type { Client } from '../gateway.ts'
import type { Input, Mutation } from './inputs.ts'

export type Status = 'OPEN' | 'CLOSED' | 'ARCHIVED'
export type Source = 'EMAIL' | 'CHAT' | 'FORM' | 'API'

export type Contact = { id: string; email: string; name: string | null }

export type Message = {
  id: string
  direction: 'INBOUND' | 'OUTBOUND' | 'NOTE'
  status: 'RECEIVED' | 'SENT' | 'STORED'
  text: string
  authorId: string
  createdAt: string
}

export type Conversation = {
  id: string
  status: Status
  source: Source
  subject: string | null
  isUnread: boolean
  assignedToId: string | null
  contact: Contact
  channelId: string | null
  messages: Message[]
  createdAt: string
}

/** An event of the log. `fields` are those of its type, as the graph shows them. */
export type LogEntry = {
  type: string
  conversationId: string
  actorId: string | null
  fields: object
  id: string
  cursor: string
}

/** The result of a request that can be repeated. `input` null: every request with this key is the same. */
export type Remembered = { input: string | null; conversationId: string; messageId: string; cursor: string }

/**
 * What the inbox of one workspace must hold, kept beside the gateway by rules of its own. Ids, times and cursors are
 * the gateway's: they are learned from its answers.
 */
export type Inbox = {
  workspaceId: string
  /** The agent that the caller acts as. */
  agentId: string
  otherAgentId: string
  emailChannelId: string
  chatChannelId: string
  conversations: Conversation[]
  contacts: Contact[]
  log: LogEntry[]
  remembered: Map<string, Remembered>
  /** The requests that had an idempotency key or an id of their own, to send them again. */
  repeatable: { mutation: Mutation; input: Input }[]
  /** Called with each command: its name, and for a change also its outcome. */
  onOutcome(outcome: string): void
}

/** A new, empty inbox with two agents and two channels. */
export type NewInbox = Pick<
  Inbox,
  'workspaceId' | 'agentId' | 'otherAgentId' | 'emailChannelId' | 'chatChannelId'
> & { client: Client }

export const emptyInbox = ({ client: _, ...ids }: NewInbox, onOutcome: (outcome: string) => void): Inbox => ({
  ...ids,
  onOutcome,
  conversations: [],
  contacts: [],
  log: [],
  remembered: new Map(),
  repeatable: [],
})

/** The newest message that is not a note. Every conversation has one. */
export function lastMessage({ messages }: Conversation): Message {
  const last = messages.findLast(({ direction }) => direction !== 'NOTE')
  if (!last) throw new Error('A conversation has only notes.')
  return last
}

/** The numbers of conversations that the workspace must show. */
export function countsOf({ conversations }: Inbox) {
  const open = conversations.filter(({ status }) => status === 'OPEN')
  return {
    open: open.length,
    closed: conversations.filter(({ status }) => status === 'CLOSED').length,
    archived: conversations.filter(({ status }) => status === 'ARCHIVED').length,
    unread: open.filter(({ isUnread }) => isUnread).length,
    unassigned: open.filter(({ assignedToId }) => assignedToId === null).length,
  }
}

export const contactWith = ({ contacts }: Inbox, email: string): Contact | undefined =>
  contacts.find(contact => contact.email.toLowerCase() === email.toLowerCase())
