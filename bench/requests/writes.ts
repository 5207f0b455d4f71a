import type pg from 'pg'
import { connections } from './load.ts'
import { operation, type Request } from './operations.ts'

/** Conversations per connection. Each connection has its own, so that it knows their status. */
const perConnection = 40

/** Makes requests that each change a status: a conversation goes from OPEN to CLOSED or back. */
export async function statusRequests(
  client: pg.Client,
  workspaceIds: readonly string[],
): Promise<(connection: number) => Request> {
  const { rows } = await client.query<{ workspaceId: string; id: string; status: string }>(
    `select conversation.workspace_id as "workspaceId", conversation.id, conversation.status
      from unnest($1::text[]) as workspace(id) cross join lateral (
        select * from conversation where workspace_id = workspace.id and status <> 'ARCHIVED' order by id limit $2
      ) as conversation order by conversation.id, conversation.workspace_id`,
    [workspaceIds, Math.ceil((connections * perConnection) / workspaceIds.length)],
  )
  const own = Array.from({ length: connections }, (_, connection) =>
    rows.filter((_, index) => index % connections === connection),
  )
  const sent = own.map(() => 0)
  return connection => {
    const some = own[connection] ?? []
    const index = sent[connection] ?? 0
    const row = some[index % some.length]
    if (!row) throw new Error('There are too few conversations to change.')
    sent[connection] = index + 1
    row.status = row.status === 'OPEN' ? 'CLOSED' : 'OPEN'
    const input = { conversationId: row.id, status: row.status }
    return operation('SetStatus', { input }, row.workspaceId)
  }
}
