import type { Writer } from '../../db/db.ts'
import { notFound } from '../errors.ts'
import { isId } from '../id.ts'

/**
 * Raises the revision of a workspace for a change that has no event of its own: an agent, a channel, a key.
 * @throws Refusal NOT_FOUND
 */
export async function raiseRevision(writer: Writer, workspaceId: string): Promise<void> {
  const touched =
    isId('workspace', workspaceId) &&
    (await writer
      .updateTable('workspace')
      .set(eb => ({ revision: eb('revision', '+', 1) }))
      .where('id', '=', workspaceId)
      .returning('id')
      .executeTakeFirst())
  if (!touched) throw notFound('workspace', 'workspace')
}
