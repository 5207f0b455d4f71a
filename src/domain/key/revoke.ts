import { sql } from 'kysely'
import type { Writer } from '../../db/db.ts'
import { notFound } from '../errors.ts'
import { isId } from '../id.ts'
import { touchWorkspace } from '../workspace/touch.ts'

/** Ends a key for good; a second time changes nothing. @throws Refusal NOT_FOUND */
export async function revokeKey(writer: Writer, workspaceId: string, id: string): Promise<void> {
  if (!isId('apiKey', id)) throw notFound('apiKey', 'key')
  await touchWorkspace(writer, workspaceId)
  const revoked = await writer
    .updateTable('api_key')
    .set({ revoked_at: sql`coalesce(revoked_at, clock_timestamp())` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst()
  if (!revoked) throw notFound('apiKey', 'key')
}
