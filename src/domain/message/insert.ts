import type { Tables, Writer } from '../../db/db.ts'
import { newId } from '../id.ts'
import { preview } from './preview.ts'
import { columns, type Message } from './rows.ts'

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
}

/** Writes a new message into a conversation of the same workspace. */
export async function insertMessage(
  writer: Writer,
  workspaceId: string,
  { conversationId, direction, status, text, authorId, createdAt, ...others }: NewMessage,
): Promise<Message> {
  return writer
    .insertInto('message')
    .values({
      workspace_id: workspaceId,
      id: newId('message'),
      conversation_id: conversationId,
      direction,
      status,
      text,
      preview: preview(text),
      author_id: authorId,
      created_at: createdAt,
      sent_at: others.sentAt ?? null,
      mail_id: others.mailId ?? null,
      is_automatic: others.isAutomatic ?? false,
      dmarc_failed: others.dmarcFailed ?? false,
      next_attempt_at: others.nextAttemptAt ?? null,
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
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
