import { sql } from 'kysely'
import type { Writer } from '../../db/db.ts'
import { setLocally } from '../../db/with-settings.ts'
import { notFound } from '../errors.ts'
import { isId } from '../id.ts'
import { type Changed, change, type GatewayOperation } from '../operation.ts'
import { raiseRevision } from '../workspace/raise-revision.ts'
import { lockAssigned, updateConversations } from './lock-many.ts'
import { stateFacts } from './state-facts.ts'

type Deactivation = {
  workspaceId: string
  /** Who deactivates it; null: an operator of the gateway. */
  actorId: string | null
  agentId: string
}

/** An agent may have had hundreds of thousands of conversations. */
const maxStatementMs = 60_000

/**
 * Deactivates an agent for good: nothing can be assigned to it, its conversations become unassigned, each with its event,
 * and its keys are revoked. What it has done stays. Deactivating it again is a no-op.
 *
 * The agent is locked first. Changes that assign to it have ended by then, and later ones find it deactivated.
 *
 * @throws Refusal NOT_FOUND
 */
export async function deactivateAgent(
  operation: GatewayOperation,
  { workspaceId, actorId, agentId }: Deactivation,
): Promise<Changed<{ agentId: string }>> {
  return change(operation, workspaceId, async writer => {
    const result = { agentId }
    await setLocally(writer, { statement_timeout: `${maxStatementMs}` })
    if (!(await deactivate(writer, workspaceId, agentId))) return { result, facts: null }
    const { conversations, at } = await lockAssigned(writer, workspaceId, agentId)
    const before = [...conversations.values()]
    const ids = before.map(({ id }) => id)
    const after = await updateConversations(writer, workspaceId, ids, at, { assignedToId: null })
    const facts = stateFacts({ actorId, at }, before, after)
    if (!facts) await raiseRevision(writer, workspaceId)
    return { result, facts }
  })
}

/** Returns whether it was active. @throws Refusal NOT_FOUND */
async function deactivate(writer: Writer, workspaceId: string, agentId: string): Promise<boolean> {
  const agent =
    isId('agent', agentId) &&
    (await writer
      .selectFrom('agent')
      .select('deactivated_at as deactivatedAt')
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', agentId)
      .forUpdate()
      .executeTakeFirst())
  if (!agent) throw notFound('agent', 'agentId')
  if (agent.deactivatedAt) return false
  await writer
    .updateTable('agent')
    .set({ deactivated_at: sql`statement_timestamp()` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', agentId)
    .execute()
  await writer
    .updateTable('api_key')
    .set({ revoked_at: sql`statement_timestamp()` })
    .where('workspace_id', '=', workspaceId)
    .where('agent_id', '=', agentId)
    .where('revoked_at', 'is', null)
    .execute()
  return true
}
