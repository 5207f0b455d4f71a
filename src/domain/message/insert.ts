import type { Insertable } from 'kysely'
import type { Tables, Writer } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { newId } from '../id.ts'
import { addWords } from '../search/keep.ts'
import { lexemesOf } from '../search/lexemes.ts'
import { columns, type Message } from './columns.ts'
import { preview } from './preview.ts'

/** The values of a new message. Its id and its preview are made when it is written. */
export type NewMessage = Pick<
  Message,
  'conversationId' | 'direction' | 'status' | 'authorId' | 'createdAt'
> & {
  text: string
  sentAt?: Date
  /** The Message-ID of an inbound mail. */
  mailId?: string | null
  /** Whether a machine wrote it. */
  isAutomatic?: boolean
  /** Whether the mail system reported that its sender address is not authentic. */
  dmarcFailed?: boolean
  /** When its first delivery is due; left out: nothing is delivered. */
  nextAttemptAt?: Date
  /** What else its conversation is found by, if the message opens it: its subject, and its contact. */
  foundBy?: readonly (string | null)[]
}

const inserted = reusable((writer: Writer, { row }: { row: Insertable<Tables['message']> }) =>
  writer.insertInto('message').values(row).returning(columns),
)

/** Writes a new message into a conversation of the same workspace, which is found by its words from then on. */
export async function insertMessage(
  writer: Writer,
  workspaceId: string,
  { conversationId, text, foundBy, ...message }: NewMessage,
): Promise<Message> {
  const row = {
    workspace_id: workspaceId,
    id: newId('message'),
    conversation_id: conversationId,
    direction: message.direction,
    status: message.status,
    text,
    preview: preview(text),
    author_id: message.authorId,
    created_at: message.createdAt,
    sent_at: message.sentAt ?? null,
    mail_id: message.mailId ?? null,
    is_automatic: message.isAutomatic ?? false,
    dmarc_failed: message.dmarcFailed ?? false,
    next_attempt_at: message.nextAttemptAt ?? null,
  }
  const found = {
    workspaceId,
    conversationId,
    lexemes: lexemesOf(workspaceId, [text, ...(foundBy ?? [])]),
  }
  await addWords(writer, found, foundBy !== undefined)
  const [written] = await inserted(writer, { row })
  if (!written) throw new Error('A message that is written is returned.')
  return written
}

/** Writes a note into a locked conversation; `authorId` null: the gateway wrote it. */
export async function insertNote(
  writer: Writer,
  workspaceId: string,
  note: Pick<NewMessage, 'conversationId' | 'text' | 'authorId' | 'createdAt'>,
): Promise<Message> {
  return insertMessage(writer, workspaceId, { ...note, direction: 'NOTE', status: 'STORED' })
}

/** How long the sweep leaves a new message alone, because the request that made it tries it at once. */
const firstSweepAfterMs = 3_000

/** The first status of an outbound message: queued for mail, or SENT if its channel needs no mail server. */
export function outbound(
  source: Tables['conversation']['source'],
  at: Date,
): Pick<NewMessage, 'direction' | 'status' | 'sentAt' | 'nextAttemptAt'> {
  const direction = 'OUTBOUND'
  return source === 'EMAIL' || source === 'FORM'
    ? { direction, status: 'QUEUED', nextAttemptAt: new Date(at.getTime() + firstSweepAfterMs) }
    : { direction, status: 'SENT', sentAt: at }
}
