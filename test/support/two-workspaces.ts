import { sql } from 'kysely'
import { expect } from 'vitest'
import type { Db } from '../../src/db/db.ts'
import type { Noun } from '../../src/domain/nouns.ts'
import { change } from './conversations.ts'
import { type Gateway, newClient, newConversation, newWorkspace } from './gateway.ts'

/** A workspace with a row of every noun, by its id, and what else names something in it. */
export type Filled = Awaited<ReturnType<typeof filledWorkspace>>

export async function filledWorkspace(gateway: Gateway, email: string) {
  const workspace = await newWorkspace(gateway, ['read', 'write', 'admin'])
  const { client, agentId } = workspace
  const { id, contactId, messageId, cursor } = await newConversation(client, email)
  await change(client, id, 'CLOSED', agentId)
  const key = await newClient(gateway, workspace.id)
  await noMailOnItsWay(gateway.db, [workspace.id])
  const ids: Record<Noun, string> = {
    workspace: workspace.id,
    agent: agentId,
    channel: workspace.channelId,
    contact: contactId,
    conversation: id,
    message: messageId,
    apiKey: key.id,
    event: `evt_${cursor}`,
  }
  return { client, ids, email, eventCursor: cursor }
}

/** Waits until all mail is sent, which is an event of its own. */
async function noMailOnItsWay(db: Db, workspaceIds: string[]): Promise<void> {
  const queued = sql`select id from message where status = 'QUEUED' and workspace_id in (${sql.join(workspaceIds)})`
  await expect.poll(async () => (await queued.execute(db)).rows).toEqual([])
}

const tenantTables = sql<{ name: string }>`
  select table_name as name from information_schema.columns
  where column_name = 'workspace_id' and table_schema = current_schema() order by 1`

/** All rows of these workspaces, by table, once no mail is on its way. Only who watches a workspace is left out. */
export async function rowsOfAll(db: Db, workspaces: Filled[]): Promise<Record<string, unknown[]>> {
  const workspaceIds = workspaces.map(each => each.ids.workspace)
  await noMailOnItsWay(db, workspaceIds)
  const ids = sql.join(workspaceIds)
  const rowsOf = async (table: string, column: string) => {
    const select = sql<{
      row: unknown
    }>`select to_jsonb(t) - 'watched_until' as row from ${sql.table(table)} t
      where ${sql.ref(column)} in (${ids}) order by to_jsonb(t)::text`
    return (await select.execute(db)).rows.map(({ row }) => row)
  }
  const all: Record<string, unknown[]> = { workspace: await rowsOf('workspace', 'id') }
  for (const { name } of (await tenantTables.execute(db)).rows) all[name] = await rowsOf(name, 'workspace_id')
  return all
}
