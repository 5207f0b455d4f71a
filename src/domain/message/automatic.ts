import type { Reader } from '../../db/db.ts'

const maxAutomaticMessages = 10
const windowMs = 3_600_000

/**
 * Whether 10 automatic messages were added to a conversation within the hour before `at`. Read it under the
 * conversation's lock.
 */
export async function isFullOfAutomatic(
  reader: Reader,
  workspaceId: string,
  conversationId: string,
  at: Date,
): Promise<boolean> {
  const { count } = await reader
    .selectFrom(eb =>
      eb
        .selectFrom('message')
        .select('id')
        .where('workspace_id', '=', workspaceId)
        .where('conversation_id', '=', conversationId)
        .where('is_automatic', '=', true)
        .where('created_at', '>', new Date(at.getTime() - windowMs))
        .limit(maxAutomaticMessages)
        .as('recent'),
    )
    .select(eb => eb.fn.countAll<string | number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count) >= maxAutomaticMessages
}
