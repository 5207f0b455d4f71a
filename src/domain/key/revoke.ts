import { sql } from 'kysely'
import type { Writer } from '../../db/db.ts'
import { notFound } from '../errors.ts'
import { isId } from '../id.ts'
import { raiseRevision } from '../workspace/raise-revision.ts'

/** Revokes a key for good. A key that is revoked already keeps its time. @throws Refusal NOT_FOUND */
export async function revokeKey(writer: Writer, workspaceId: string, id: string): Promise<void> {
  if (!isId('apiKey', id)) throw notFound('apiKey', 'apiKeyId')
  const revoked = await writer
    .updateTable('api_key')
    .set({ revoked_at: sql`coalesce(revoked_at, clock_timestamp())` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst()
  if (!revoked) throw notFound('apiKey', 'apiKeyId')
  await raiseRevision(writer, workspaceId)
}
