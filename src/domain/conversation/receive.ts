import type { Reader, Writer } from '../../db/db.ts'
import { defaultEmailChannel, requireChannel } from '../channel/rows.ts'
import { type Contact, requireContact, upsertContact } from '../contact/rows.ts'
import { refusal } from '../errors.ts'
import type { NewEvents } from '../event/types.ts'
import type { IdempotencyKey } from '../idempotency/key.ts'
import { isFullOfAutomatic } from '../message/automatic.ts'
import type { Message } from '../message/columns.ts'
import { insertMessage } from '../message/insert.ts'
import { keepRawMail, type RawMail } from '../message/raw-mail.ts'
import { type Changed, change, type Operation } from '../operation.ts'
import { countChange } from '../workspace/counts.ts'
import { type MessageResult, repeatableBy } from './message-result.ts'
import { openConversation } from './open.ts'
import { type Conversation, type ConversationUpdate, lockConversation, updateConversation } from './rows.ts'
import { stateEvents } from './state-events.ts'

type Source = Conversation['source']

/** An inbound message. */
export type Incoming = {
  source: Source
  text: string
  /** The conversation to add it to; null: it opens a new one. */
  conversationId: string | null
  /** Its author; null: the contact of the conversation. */
  author: { id: string } | { email: string; name: string | null } | null
  /** The subject of a new conversation. */
  subject: string | null
  channelId: string | null
  /** The keys by which it is accepted once; null: there is no such key. */
  keys: (IdempotencyKey | null)[]
  /**
   * Whether a machine wrote it. If so, and it comes from the contact, an existing conversation keeps its status and read
   * state. A new conversation is OPEN and unread all the same.
   */
  isAutomatic: boolean
  /** Whether it is a report about a delivery. If so, an existing conversation keeps its status and read state. */
  isReport: boolean
  /** Whether the mail system reported that its sender address is not authentic. */
  dmarcFailed: boolean
  /** Its Message-ID; null: it has none. */
  mailId: string | null
  /** The mail that it was made from, to be kept; null: none. */
  rawMail: RawMail | null
}

/** The conversation before and after an inbound message; `before` null: the message opened it. */
type Received = {
  before: Conversation | null
  after: Conversation
  message: Message
  author: Contact
  at: Date
  events: NewEvents
}

/**
 * Adds an inbound message, from the API or from mail.
 * @throws Refusal NOT_FOUND, INVALID_INPUT, IDEMPOTENCY_MISMATCH
 */
export async function receive(operation: Operation, incoming: Incoming): Promise<Changed<MessageResult>> {
  const { workspaceId } = operation.actor
  return change(
    operation,
    workspaceId,
    async writer => {
      const { before, after, message, author, at, events } =
        incoming.conversationId === null
          ? await open(writer, workspaceId, incoming)
          : await append(writer, workspaceId, incoming.conversationId, incoming)
      if (incoming.rawMail) await keepRawMail(writer, workspaceId, message, incoming.rawMail)
      return {
        result: { conversation: after, message, contact: author },
        facts: { actorId: author.id, at, events, counts: countChange(before, after) },
      }
    },
    repeatableBy(...incoming.keys),
  )
}

async function open(writer: Writer, workspaceId: string, incoming: Incoming): Promise<Received> {
  const { source, subject } = incoming
  const channelId = await channelOf(writer, workspaceId, incoming)
  const { contact: author, at } = await authorOf(writer, workspaceId, incoming.author)
  const { conversation, message, events } = await openConversation(writer, workspaceId, {
    contact: author,
    at,
    channelId,
    source,
    subject,
    isUnread: true,
    message: inbound(incoming, author),
  })
  return { before: null, after: conversation, message, author, at, events }
}

async function append(
  writer: Writer,
  workspaceId: string,
  conversationId: string,
  incoming: Incoming,
): Promise<Received> {
  const { conversation: before, at } = await lockConversation(writer, workspaceId, conversationId)
  const { contact: author } = await authorOf(writer, workspaceId, incoming.author ?? { id: before.contactId })
  // Two machines that answer each other must not keep a conversation at the top of the inbox for ever.
  const isInLoop = incoming.isAutomatic && (await isFullOfAutomatic(writer, workspaceId, before.id, at))
  const message = await insertMessage(writer, workspaceId, {
    ...inbound(incoming, author),
    conversationId: before.id,
    createdAt: at,
  })
  const update = isInLoop ? {} : updateBy(message, keepsState(incoming, author, before))
  const after = await updateConversation(writer, workspaceId, before, at, update)
  const events: NewEvents = [
    { type: 'MESSAGE_ADDED', conversation: after, data: { messageId: message.id } },
    ...stateEvents(before, after),
  ]
  return { before, after, message, author, at, events }
}

const updateBy = ({ createdAt, preview }: Message, isStateKept: boolean): ConversationUpdate => ({
  lastMessageAt: createdAt,
  lastMessagePreview: preview,
  ...(isStateKept ? {} : { status: 'OPEN', isUnread: true }),
})

/** What may come from somebody else than the contact never arrives unnoticed. */
const keepsState = (
  { isReport, isAutomatic, dmarcFailed }: Incoming,
  author: Contact,
  { contactId }: Conversation,
) => isReport || (isAutomatic && author.id === contactId && !dmarcFailed)

const inbound = ({ text, mailId, isAutomatic, dmarcFailed }: Incoming, author: Contact) => ({
  direction: 'INBOUND' as const,
  status: 'RECEIVED' as const,
  text,
  authorId: author.id,
  mailId,
  isAutomatic,
  dmarcFailed,
})

function authorOf(writer: Writer, workspaceId: string, author: Incoming['author']) {
  if (author === null) throw refusal('INVALID_INPUT', 'The author is missing.')
  return 'id' in author
    ? requireContact(writer, workspaceId, author.id)
    : upsertContact(writer, workspaceId, author)
}

/** Replies to a form go out by mail, so a FORM conversation may use a FORM or an EMAIL channel. */
async function channelOf(reader: Reader, workspaceId: string, { source, channelId }: Incoming) {
  if (channelId !== null) {
    const sources: Source[] = source === 'FORM' ? ['FORM', 'EMAIL'] : [source]
    return (await requireChannel(reader, workspaceId, channelId, sources)).id
  }
  return source === 'EMAIL' ? ((await defaultEmailChannel(reader, workspaceId))?.id ?? null) : null
}
