import { sql } from 'kysely'
import type { Writer } from '../../db/db.ts'
import { notFound } from '../errors.ts'
import { isId } from '../id.ts'
import { raiseRevision } from '../workspace/raise-revision.ts'

/** Revokes a key for good. A key that is revoked already keeps its time. @throws Refusal NOT_FOUND */
export async function revokeKey(writer: Writer, workspaceId: string, id: string): Promise<void> {
  if (!isId('apiKey', id)) throw notFound('apiKey', 'apiKeyId')
  const key = await writer
    .selectFrom('api_key')
    .select('revoked_at as revokedAt')
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!key) throw notFound('apiKey', 'apiKeyId')
  if (key.revokedAt) return
  await writer
    .updateTable('api_key')
    .set({ revoked_at: sql`statement_timestamp()` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .execute()
  await raiseRevision(writer, workspaceId)
}
