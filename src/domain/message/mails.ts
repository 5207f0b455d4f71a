import type { Reader } from '../../db/db.ts'
import type { Bounced } from './settle.ts'

/** The conversation of the newest message that came or went as one of these mails, by Message-ID; null: none is ours. */
export async function conversationOfMails(
  reader: Reader,
  workspaceId: string,
  mailIds: readonly string[],
): Promise<string | null> {
  if (mailIds.length === 0) return null
  const message = await reader
    .selectFrom('message')
    .select('conversation_id as conversationId')
    .where('workspace_id', '=', workspaceId)
    .where('mail_id', 'in', mailIds)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return message?.conversationId ?? null
}

/** The message that went out as one of these mails; null: none did. */
export async function messageSentAs(
  reader: Reader,
  workspaceId: string,
  mailIds: readonly string[],
): Promise<Bounced | null> {
  if (mailIds.length === 0) return null
  const message = await reader
    .selectFrom('message')
    .select(['workspace_id as workspaceId', 'id', 'conversation_id as conversationId', 'status'])
    .where('workspace_id', '=', workspaceId)
    .where('mail_id', 'in', mailIds)
    .where('direction', '=', 'OUTBOUND')
    .limit(1)
    .executeTakeFirst()
  return message ?? null
}
