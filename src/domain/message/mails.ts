import { sql } from 'kysely'
import type { Reader } from '../../db/db.ts'
import type { Placed } from './settle.ts'

const sentOrReceived = (reader: Reader, workspaceId: string, mailIds: readonly string[]) =>
  reader
    .selectFrom('message')
    .select(['workspace_id as workspaceId', 'id', 'conversation_id as conversationId'])
    .where('workspace_id', '=', workspaceId)
    .where('mail_id', 'in', mailIds)
    .orderBy(sql`array_position(${mailIds}::text[], mail_id::text)`)

/**
 * The conversation of the first of these mails that came or went, by Message-ID; null: none is ours. Whoever sends a
 * mail chooses its id, so one that went out comes before one that came in with the same.
 */
export async function conversationOfMails(
  reader: Reader,
  workspaceId: string,
  mailIds: readonly string[],
): Promise<string | null> {
  if (mailIds.length === 0) return null
  const message = await sentOrReceived(reader, workspaceId, mailIds)
    .orderBy(sql`direction <> 'OUTBOUND'`)
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst()
  return message?.conversationId ?? null
}

/** The message that went out as the first of these mails that did; null: none did. */
export async function messageSentAs(
  reader: Reader,
  workspaceId: string,
  mailIds: readonly string[],
): Promise<Placed | null> {
  if (mailIds.length === 0) return null
  const message = await sentOrReceived(reader, workspaceId, mailIds)
    .where('direction', '=', 'OUTBOUND')
    .limit(1)
    .executeTakeFirst()
  return message ?? null
}
