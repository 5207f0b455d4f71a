import { expect } from 'vitest'
import { type Contact, type Conversation, contactWith, type Inbox, type LogEntry } from './inbox.ts'
import type { Change } from './rules.ts'
import type { Shown, ShownEvent } from './shown.ts'

/** What the model takes from an answer: the ids and times of what is new, and the events' cursors. */
export type Answered = { conversation: Shown; message: { id: string; createdAt: string } | null }

type NewEntry = Pick<LogEntry, 'type' | 'actorId' | 'fields'>

/**
 * Changes the model as a change must change the inbox. Returns the conversation, and the cursor that the payload must
 * have; null: nothing changed.
 */
export function learn(
  inbox: Inbox,
  change: Change,
  { conversation: shown, message }: Answered,
): { conversation: Conversation; cursor: string | null } {
  const contact = change.contact && learnContact(inbox, change, shown)
  const conversation = change.conversation ?? open(inbox, change, contact, shown)
  const before = { ...conversation }
  Object.assign(conversation, change.state)
  const isInbound = change.message?.direction === 'INBOUND'
  const actorId = isInbound && contact ? contact.id : inbox.agentId
  const entries: NewEntry[] = change.opening ? [entry('ConversationCreated', actorId, {})] : []
  if (change.message && message) {
    const { id, createdAt } = message
    addMessage(conversation, { ...change.message, id, createdAt, authorId: actorId })
    entries.push(entry('MessageAdded', actorId, { message: { id: message.id } }))
  }
  entries.push(...stateEntries(before, conversation, actorId))
  const cursor = record(inbox, conversation.id, entries, shown.events.edges)
  if (change.isMailed && message) record(inbox, conversation.id, [delivered(message.id)], shown.events.edges)
  if (change.key && message && cursor)
    inbox.remembered.set(change.key.name, {
      input: change.key.input,
      conversationId: conversation.id,
      messageId: message.id,
      cursor,
    })
  return { conversation, cursor }
}

const entry = (type: string, actorId: string | null, fields: object): NewEntry => ({ type, actorId, fields })

/** The mail of a message has been accepted. It is the gateway's own event, after those of the change. */
const delivered = (id: string) =>
  entry('MessageStatusChanged', null, {
    message: { id },
    previousMessageStatus: 'QUEUED',
    messageStatus: 'SENT',
  })

/** A name is learned once. An address is known in any case of its letters, and kept as first given. */
function learnContact(
  inbox: Inbox,
  { contact, conversation, message }: Change,
  shown: Shown,
): Contact | null {
  if (contact === null || 'id' in contact) return contact
  const known = contactWith(inbox, contact.email)
  if (known) {
    known.name ??= contact.name
    return known
  }
  // The author of a message in the conversation of another contact is only shown as its author.
  const id = conversation && message ? authorOfLast(shown) : shown.contact.id
  expect(inbox.contacts.map(each => each.id)).not.toContain(id)
  const learned = { id, ...contact }
  inbox.contacts.push(learned)
  return learned
}

const authorOfLast = ({ messages }: Shown) => {
  const { author } = messages.edges.at(-1)?.node ?? {}
  return author?.id ?? ''
}

function open(inbox: Inbox, { opening }: Change, contact: Contact | null, shown: Shown): Conversation {
  if (!opening || !contact) throw new Error('A new conversation needs a contact.')
  expect(inbox.conversations.map(({ id }) => id)).not.toContain(shown.id)
  const conversation: Conversation = {
    ...opening,
    id: shown.id,
    status: 'OPEN',
    assignedToId: null,
    contact,
    messages: [],
    createdAt: shown.createdAt,
  }
  inbox.conversations.push(conversation)
  return conversation
}

/** Times of messages rise within a conversation. */
function addMessage({ messages, createdAt }: Conversation, message: Conversation['messages'][number]): void {
  const last = messages.at(-1)
  if (last) expect(message.createdAt > last.createdAt).toBe(true)
  else expect(message.createdAt).toBe(createdAt)
  expect(messages.map(({ id }) => id)).not.toContain(message.id)
  messages.push(message)
}

/** The events of a change of state, in the order of the log: status, assignee, read state. */
function stateEntries(before: Conversation, after: Conversation, actorId: string): NewEntry[] {
  const entries: NewEntry[] = []
  if (before.status !== after.status)
    entries.push(
      entry('ConversationStatusChanged', actorId, { previousStatus: before.status, status: after.status }),
    )
  if (before.assignedToId !== after.assignedToId)
    entries.push(
      entry('ConversationAssigned', actorId, {
        previousAssignedTo: before.assignedToId === null ? null : { id: before.assignedToId },
        assignedTo: after.assignedToId === null ? null : { id: after.assignedToId },
      }),
    )
  if (before.isUnread !== after.isUnread)
    entries.push(entry('ConversationReadStateChanged', actorId, { isUnread: after.isUnread }))
  return entries
}

/** Adds entries to the log, with the cursors of the shown events in their places. Cursors rise in the whole log. */
function record(inbox: Inbox, id: string, entries: NewEntry[], shown: ShownEvent[]): string | null {
  for (const each of entries) {
    const place = inbox.log.filter(({ conversationId }) => conversationId === id).length
    const { cursor = '', node } = shown[place] ?? {}
    expect(cursor > (inbox.log.at(-1)?.cursor ?? '')).toBe(true)
    inbox.log.push({ ...each, conversationId: id, cursor, id: node?.id ?? '' })
  }
  return entries.length > 0 ? (inbox.log.at(-1)?.cursor ?? null) : null
}
