import type { Reader } from '../../db/db.ts'
import { type OneOrMany, oneOf, oneOrMany } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'
import { type Counts, noCounts } from '../workspace/counts.ts'

/** What is assigned to an agent, by its id. */
export type AgentCounts = Counts & { id: string }

const kept = reusable((reader, { workspaceId, ids }: { workspaceId: string; ids: OneOrMany<string> }) =>
  reader
    .selectFrom('agent_counts')
    .select([
      'agent_id as id',
      'open_count as open',
      'closed_count as closed',
      'archived_count as archived',
      'unread_count as unread',
    ])
    .where('workspace_id', '=', workspaceId)
    .where(oneOf('agent_id', ids)),
)

/** What is assigned to each of these agents. Ids of no agent have nothing. */
export async function countsOfAgents(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
): Promise<AgentCounts[]> {
  const rows = new Map((await kept(reader, { workspaceId, ids: oneOrMany(ids) })).map(row => [row.id, row]))
  return ids.map(id => ({ ...noCounts, ...rows.get(id), id }))
}
