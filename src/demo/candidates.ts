import { sql } from 'kysely'
import type { Db } from '../db/db.ts'
import { billingConversationId, chatConversationId, demoAgentId, demoWorkspaceId } from './documented.ts'

/** A conversation that the demo's traffic may go on with. */
export type Candidate = {
  id: string
  source: 'API' | 'CHAT' | 'EMAIL' | 'FORM'
  subject: string | null
  assignedToId: string | null
  contactId: string
  contactName: string | null
  contactEmail: string
  /** That of its last message. */
  direction: 'INBOUND' | 'OUTBOUND' | 'NOTE'
}

export type People = { agentIds: string[]; contacts: { id: string; name: string | null }[] }

/** Open conversations of the last hundred, but for those of the demo's own agent and those that the documentation prints. */
export async function candidates(db: Db): Promise<Candidate[]> {
  const { rows } = await sql<Candidate>`
    select c.id, c.source, c.subject, c.assigned_to_id as "assignedToId", p.id as "contactId", p.name as "contactName",
      p.email as "contactEmail", m.direction
    from (
      select * from conversation
      where workspace_id = ${demoWorkspaceId} and status = 'OPEN'
      order by last_message_at desc limit 100
    ) c
    join contact p on p.workspace_id = ${demoWorkspaceId} and p.id = c.contact_id
    cross join lateral (
      select direction from message
      where workspace_id = ${demoWorkspaceId} and conversation_id = c.id
      order by created_at desc limit 1
    ) m
    where c.assigned_to_id is distinct from ${demoAgentId} and c.id not in (${billingConversationId}, ${chatConversationId})`.execute(
    db,
  )
  return rows
}

/** The other agents of the demo, and some of its contacts. */
export async function people(db: Db): Promise<People> {
  const agents = await db
    .selectFrom('agent')
    .select('id')
    .where('workspace_id', '=', demoWorkspaceId)
    .where('id', '!=', demoAgentId)
    .where('deactivated_at', 'is', null)
    .orderBy('created_at')
    .limit(10)
    .execute()
  const contacts = await db
    .selectFrom('contact')
    .select(['id', 'name'])
    .where('workspace_id', '=', demoWorkspaceId)
    .orderBy('created_at')
    .limit(100)
    .execute()
  return { agentIds: agents.map(({ id }) => id), contacts }
}
