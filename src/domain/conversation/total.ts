import type { Db, Reader } from '../../db/db.ts'
import { countsOfAgents } from '../agent/counts.ts'
import { isId } from '../id.ts'
import type { Counts } from '../workspace/counts.ts'
import { workspacesByIds } from '../workspace/rows.ts'
import type { Parent } from './branches.ts'
import { countConversations, countConversationsOf, type Total } from './count.ts'
import { type ConversationFilter, statuses } from './filter.ts'
import type { Status } from './rows.ts'

/** How many conversations of a workspace match: by the counts that are kept, else counted. */
export async function totalOf(db: Db, workspaceId: string, filter: ConversationFilter): Promise<Total> {
  const kept = await keptFor(db, workspaceId, filter)
  return kept ? sumOfStatuses(kept, filter.status) : countConversations(db, workspaceId, filter)
}

/** How many conversations of each parent match. */
export async function totalsOf(
  db: Db,
  workspaceId: string,
  parents: readonly string[],
  { parent, filter }: { parent: Parent; filter: ConversationFilter },
): Promise<Map<string, Total>> {
  if (parent === 'contact' || !filtersOnly(filter, 'status'))
    return countConversationsOf(db, workspaceId, parents, { parent, filter })
  const kept = await countsOfAgents(db, workspaceId, parents)
  return new Map(kept.map(counts => [counts.id, sumOfStatuses(counts, filter.status)]))
}

/** The kept counts that answer a filter: of the workspace, or of one agent; null: none do. */
async function keptFor(
  reader: Reader,
  workspaceId: string,
  filter: ConversationFilter,
): Promise<Counts | null> {
  if (filtersOnly(filter, 'status'))
    return (await workspacesByIds(reader, workspaceId, [workspaceId]))[0] ?? null
  const [agent, ...others] = filter.assignedToId ?? []
  if (
    agent === undefined ||
    !isId('agent', agent) ||
    others.length > 0 ||
    !filtersOnly(filter, 'status', 'assignedToId')
  )
    return null
  return (await countsOfAgents(reader, workspaceId, [agent]))[0] ?? null
}

const filtersOnly = (filter: ConversationFilter, ...names: readonly (keyof ConversationFilter)[]): boolean =>
  Object.entries(filter).every(([name, value]) => value === null || names.some(allowed => allowed === name))

function sumOfStatuses(counts: Counts, status: readonly Status[] | null): Total {
  const kept = { OPEN: counts.open, CLOSED: counts.closed, ARCHIVED: counts.archived }
  const asked = statuses.filter(each => status?.includes(each) ?? true)
  return { atLeast: asked.reduce((sum, each) => sum + kept[each], 0), isExact: true }
}
