import { z } from 'zod'
import type { Reader, Writer } from '../../db/db.ts'
import { defaultEmailChannel, requireChannel } from '../channel/rows.ts'
import { type Contact, requireContact, upsertContact } from '../contact/rows.ts'
import { refusal } from '../errors.ts'
import type { NewEvents } from '../event.ts'
import { address, line, optionalId, parse, prose } from '../input.ts'
import { handedIn, once, type Request, type Said } from '../message/once.ts'
import { insertMessage } from '../message/rows.ts'
import { change, type Operation } from '../operation.ts'
import { countChange } from '../workspace/counts.ts'
import { stateEvents } from './changes.ts'
import { openConversation } from './open.ts'
import { type Conversation, lockConversation, updateConversation } from './rows.ts'

type Source = Conversation['source']

const Input = z.object({
  source: z.enum(['EMAIL', 'CHAT', 'FORM', 'API']),
  contentText: prose(100_000),
  conversationId: optionalId,
  contactId: optionalId,
  email: address.nullish().transform(value => value ?? null),
  name: line(200),
  subject: line(998),
  channelId: optionalId,
  externalId: line(255),
})

/**
 * Takes a message that came from a contact: into the conversation it names, or else into a new one with the contact it
 * names. The conversation becomes OPEN and unread. The same `externalId` of a source is taken once, for ever.
 *
 * @throws Refusal INVALID_INPUT; NOT_FOUND for the conversation, the contact or the channel
 */
export async function receiveMessage(
  operation: Operation,
  input: z.input<typeof Input>,
): Promise<Said & { replayed: boolean }> {
  const { externalId, contactId, email, name, contentText, ...asked } = parse(Input, input)
  const named = [asked.conversationId ?? email, contactId].filter(value => value !== null)
  if (named.length !== 1)
    throw refusal(
      'INVALID_INPUT',
      'Exactly one of conversationId, contactId and email must say where it goes.',
    )
  return receive(operation, {
    ...asked,
    author: contactId ?? (email === null ? null : { email, name }),
    text: contentText,
    requests: [handedIn(asked.source, externalId)],
    automatic: false,
    mailId: null,
  })
}

/** What came in. */
export type Incoming = {
  source: Source
  text: string
  /** The conversation it continues; null: it opens one. */
  conversationId: string | null
  /** Who wrote it, by id or by address; null: the contact of the conversation. */
  author: string | { email: string; name: string | null } | null
  /** Of a new conversation. */
  subject: string | null
  channelId: string | null
  /** What it is named by, so that it is taken once; null: not that way. */
  requests: (Request | null)[]
  /** No person wrote it: what stands stays as it is, but a new conversation begins OPEN and unread all the same. */
  automatic: boolean
  /** The Message-ID it came with. */
  mailId: string | null
}

/** Takes what came in, whichever way it came. @throws Refusal NOT_FOUND, INVALID_INPUT for the channel */
export async function receive(
  operation: Operation,
  incoming: Incoming,
): Promise<Said & { replayed: boolean }> {
  const { workspaceId } = operation.actor
  const { conversationId, requests } = incoming
  return change(operation, workspaceId, (writer, record) =>
    once(writer, workspaceId, requests, async () => {
      const { before, after, message, author, at, events } =
        conversationId === null
          ? await open(writer, workspaceId, incoming)
          : await carryOn(writer, workspaceId, conversationId, incoming)
      const counts = countChange(before, after)
      const cursor = await record({ actorId: author.id, at, events, counts })
      return { conversation: after, message, cursor, contact: author }
    }),
  )
}

async function open(writer: Writer, workspaceId: string, incoming: Incoming) {
  const { source, subject } = incoming
  const channelId = await channelOf(writer, workspaceId, incoming)
  const { contact: author, at } = await authorOf(writer, workspaceId, incoming)
  const { conversation, message, events } = await openConversation(writer, workspaceId, {
    contact: author,
    at,
    channel_id: channelId,
    source,
    subject,
    is_unread: true,
    message: inbound(incoming, author),
  })
  return { before: null, after: conversation, message, author, at, events }
}

async function carryOn(writer: Writer, workspaceId: string, conversationId: string, incoming: Incoming) {
  const { conversation: before, at } = await lockConversation(writer, workspaceId, conversationId)
  const { contact: author } = await authorOf(writer, workspaceId, {
    author: incoming.author ?? before.contactId,
  })
  const message = await insertMessage(writer, {
    ...inbound(incoming, author),
    workspace_id: workspaceId,
    conversation_id: before.id,
    created_at: at,
  })
  const after = await updateConversation(writer, workspaceId, before.id, at, {
    last_message_at: at,
    last_message_preview: message.preview,
    ...(incoming.automatic ? {} : { status: 'OPEN', is_unread: true }),
  })
  const events: NewEvents = [
    { type: 'MESSAGE_ADDED', conversation: after, data: { messageId: message.id } },
    ...stateEvents(before, after),
  ]
  return { before, after, message, author, at, events }
}

const inbound = ({ text, mailId }: Incoming, author: Contact) => ({
  direction: 'INBOUND' as const,
  status: 'RECEIVED' as const,
  text,
  author_id: author.id,
  mail_id: mailId,
})

function authorOf(writer: Writer, workspaceId: string, { author }: Pick<Incoming, 'author'>) {
  if (author === null) throw refusal('INVALID_INPUT', 'Nobody is named who wrote it.')
  return typeof author === 'string'
    ? requireContact(writer, workspaceId, author)
    : upsertContact(writer, workspaceId, author)
}

/** A form is answered by mail, so its conversations may go through either kind of channel. */
async function channelOf(reader: Reader, workspaceId: string, { source, channelId }: Incoming) {
  if (channelId !== null) {
    const sources: Source[] = source === 'FORM' ? ['FORM', 'EMAIL'] : [source]
    return (await requireChannel(reader, workspaceId, channelId, sources)).id
  }
  return source === 'EMAIL' ? ((await defaultEmailChannel(reader, workspaceId))?.id ?? null) : null
}
