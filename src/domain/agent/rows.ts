import type { Selection } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { oneOf } from '../../db/one-of.ts'
import { notFound } from '../errors.ts'
import { isId } from '../id.ts'
import { type Page, paged, type Sort } from '../page.ts'

const columns = ['id', 'name', 'email', 'avatar_url as avatarUrl', 'created_at as createdAt'] as const

/** A member of the support team. */
export type Agent = Selection<Tables, 'agent', (typeof columns)[number]>

const oldestFirst: Sort = { column: 'created_at', descending: false }

const agentsOf = (reader: Reader, workspaceId: string) =>
  reader.selectFrom('agent').select(columns).where('workspace_id', '=', workspaceId)

/** The workspace's agents with these ids, in any order. */
export async function agentsByIds(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
): Promise<Agent[]> {
  return agentsOf(reader, workspaceId).where(oneOf('id', ids)).execute()
}

/** One page of a workspace's agents, oldest first; see `paged`. */
export async function agentPage(reader: Reader, workspaceId: string, page: Page): Promise<Agent[]> {
  return paged(agentsOf(reader, workspaceId), oldestFirst, page).execute()
}

/** Checks that the workspace has an agent with this id. @throws Refusal NOT_FOUND with the given path */
export async function requireAgent(
  reader: Reader,
  workspaceId: string,
  id: string,
  ...path: string[]
): Promise<void> {
  const [agent] = isId('agent', id) ? await agentsByIds(reader, workspaceId, [id]) : []
  if (!agent) throw notFound('agent', ...path)
}
