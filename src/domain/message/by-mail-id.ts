import { type ExpressionBuilder, sql } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { oneOf, oneOrMany } from '../../db/one-of.ts'

/** The ids of a message, of its conversation and of its workspace. */
export type MessagePlace = { workspaceId: string; id: string; conversationId: string }

const place = ['workspace_id as workspaceId', 'id', 'conversation_id as conversationId'] as const

/**
 * The conversation of the first of these Message-IDs that leads there; null: none does. The id of a mail that we sent
 * leads anyone: who knows it was shown the mail. The id of a mail that came in was chosen outside and may be guessed, so
 * it leads only a sender who has written in that conversation. A sent message wins over a received one with the same id.
 *
 * @param sender the address of who writes; null: it is not known for sure
 */
export async function conversationOfMails(
  reader: Reader,
  workspaceId: string,
  mailIds: readonly string[],
  sender: string | null,
): Promise<string | null> {
  if (mailIds.length === 0) return null
  const message = await reader
    .selectFrom('message')
    .select('conversation_id as conversationId')
    .where('workspace_id', '=', workspaceId)
    .where(oneOf('mail_id', oneOrMany(mailIds)))
    .where(eb => eb.or([eb('direction', '=', 'OUTBOUND'), eb.exists(writtenBy(eb, workspaceId, sender))]))
    .orderBy(sql`array_position(${mailIds}::text[], mail_id::text)`)
    .orderBy(sql`direction <> 'OUTBOUND'`)
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst()
  return message?.conversationId ?? null
}

/** The messages of the same conversation that came from this address. */
const writtenBy = (eb: ExpressionBuilder<Tables, 'message'>, workspaceId: string, sender: string | null) =>
  eb
    .selectFrom('message as earlier')
    .select('earlier.id')
    .where('earlier.workspace_id', '=', workspaceId)
    .whereRef('earlier.conversation_id', '=', 'message.conversation_id')
    .where('earlier.direction', '=', 'INBOUND')
    .where('earlier.author_id', '=', eb =>
      eb
        .selectFrom('contact')
        .select('contact.id')
        .where('contact.workspace_id', '=', workspaceId)
        .where(sql<boolean>`lower(email) = ${sender?.toLowerCase() ?? null}`),
    )

/** The outbound message with this id; null: the workspace has none. */
export async function outboundMessage(
  reader: Reader,
  workspaceId: string,
  id: string,
): Promise<MessagePlace | null> {
  const message = await reader
    .selectFrom('message')
    .select(place)
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('direction', '=', 'OUTBOUND')
    .executeTakeFirst()
  return message ?? null
}
