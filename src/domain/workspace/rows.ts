import type { Selection } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { type OneOrMany, oneOf, oneOrMany } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'

const columns = [
  'id',
  'name',
  'event_seq as eventSeq',
  'open_count as open',
  'closed_count as closed',
  'archived_count as archived',
  'unread_count as unread',
  'unassigned_count as unassigned',
] as const

/** A workspace with the end of its event log and its counts, all read at the same moment. */
export type Workspace = Selection<Tables, 'workspace', (typeof columns)[number]>

const byIds = reusable((reader, { workspaceId, ids }: { workspaceId: string; ids: OneOrMany<string> }) =>
  reader.selectFrom('workspace').select(columns).where('id', '=', workspaceId).where(oneOf('id', ids)),
)

/** The reader's own workspace, if its id is among these. Another workspace is never shown. */
export async function workspacesByIds(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
): Promise<Workspace[]> {
  return byIds(reader, { workspaceId, ids: oneOrMany(ids) })
}

/** The ids and names of all workspaces, for an operator. */
export async function allWorkspaces(reader: Reader): Promise<{ id: string; name: string }[]> {
  return reader.selectFrom('workspace').select(['id', 'name']).orderBy('created_at').orderBy('id').execute()
}
