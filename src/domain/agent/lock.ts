import type { Writer } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { notFound, refusal } from '../errors.ts'
import { isId } from '../id.ts'

/** Whether an agent can be assigned to; null: there is none with this id. */
export type Assignable = { isActive: boolean } | null

const locked = reusable(
  (writer: Writer, { workspaceId, id }: { workspaceId: string; id: string }) =>
    writer
      .selectFrom('agent')
      .select('deactivated_at as deactivatedAt')
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .forKeyShare(),
  'first',
)

/**
 * Keeps an agent from being deactivated until the change ends. It is locked before conversations are, as the change that
 * deactivates it does.
 */
export async function lockAgent(writer: Writer, workspaceId: string, id: string): Promise<Assignable> {
  const [agent] = isId('agent', id) ? await locked(writer, { workspaceId, id }) : []
  return agent ? { isActive: agent.deactivatedAt === null } : null
}

/** @throws Refusal NOT_FOUND if there is no agent, INVALID_INPUT if it is deactivated */
export function requireActive(agent: Assignable, ...path: string[]): void {
  if (!agent) throw notFound('agent', ...path)
  if (!agent.isActive) throw refusal('INVALID_INPUT', 'This agent is deactivated.', ...path)
}
