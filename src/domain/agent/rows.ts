import type { Selection } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { type OneOrMany, oneOf, oneOrMany } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'
import { type Backward, boundsOf, type Page, type PageBounds, paged, type Sort } from '../page.ts'

const columns = [
  'id',
  'name',
  'email',
  'avatar_url as avatarUrl',
  'created_at as createdAt',
  'deactivated_at as deactivatedAt',
] as const

/** A member of the support team. */
export type Agent = Selection<Tables, 'agent', (typeof columns)[number]>

/** An agent as it is read along with a conversation: the address and the time are undefined unless whole rows are read. */
export type BriefAgent = Pick<Agent, 'id' | 'name' | 'avatarUrl'> & {
  email: string | undefined
  deactivatedAt: Date | null | undefined
}

const oldestFirst: Sort = { column: 'created_at', descending: false }

const agentsOf = (reader: Reader, workspaceId: string) =>
  reader.selectFrom('agent').select(columns).where('workspace_id', '=', workspaceId)

const byIds = reusable((reader, { workspaceId, ids }: { workspaceId: string; ids: OneOrMany<string> }) =>
  agentsOf(reader, workspaceId).where(oneOf('id', ids)),
)

const pageStatement = reusable(
  (reader, { workspaceId, page }: { workspaceId: string; page: PageBounds }, { backward }: Backward) =>
    paged(agentsOf(reader, workspaceId), oldestFirst, { ...page, backward }),
)

/** The workspace's agents with these ids, in any order. */
export async function agentsByIds(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
): Promise<Agent[]> {
  return byIds(reader, { workspaceId, ids: oneOrMany(ids) })
}

/** One page of a workspace's agents, oldest first; see `paged`. */
export async function agentPage(reader: Reader, workspaceId: string, page: Page): Promise<Agent[]> {
  return pageStatement(reader, { workspaceId, page: boundsOf(page) }, { backward: page.backward })
}
