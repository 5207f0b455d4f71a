import { sql } from 'kysely'
import type { Reader, Writer } from '../../db/db.ts'
import { notFound } from '../errors.ts'

/** A count that differs from what there is: of the workspace, or of one agent. */
export type WrongCount = { of: string; name: string; kept: number; counted: number }

const names = ['open', 'closed', 'archived', 'unread', 'unassigned'] as const

/**
 * What there is, beside what is kept, of the workspace and of each agent, all read at the same moment. An agent's
 * unassigned conversations are none.
 */
const compared = (workspaceId: string) => sql<{ of: string; kept: number[]; counted: number[] }>`
  with counted as (
    select coalesce(assigned_to_id, '') as agent_id, count(*) filter (where status = 'OPEN') as open,
      count(*) filter (where status = 'CLOSED') as closed, count(*) filter (where status = 'ARCHIVED') as archived,
      count(*) filter (where status = 'OPEN' and is_unread) as unread
    from conversation where workspace_id = ${workspaceId} group by 1
  )
  select workspace.id as of,
    array[open_count, closed_count, archived_count, unread_count, unassigned_count] as kept,
    array[coalesce(sum(open), 0), coalesce(sum(closed), 0), coalesce(sum(archived), 0), coalesce(sum(unread), 0),
      coalesce(sum(open) filter (where agent_id = ''), 0)]::int[] as counted
  from workspace left join counted on true where workspace.id = ${workspaceId} group by workspace.id
  union all
  select agent.id,
    array[coalesce(open_count, 0), coalesce(closed_count, 0), coalesce(archived_count, 0), coalesce(unread_count, 0), 0],
    array[coalesce(open, 0), coalesce(closed, 0), coalesce(archived, 0), coalesce(unread, 0), 0]::int[]
  from agent
    left join agent_counts on agent_counts.workspace_id = agent.workspace_id and agent_counts.agent_id = agent.id
    left join counted on counted.agent_id = agent.id
  where agent.workspace_id = ${workspaceId}`

/** The kept counts of a workspace and of its agents that are wrong. @throws Refusal NOT_FOUND */
export async function wrongCounts(reader: Reader, workspaceId: string): Promise<WrongCount[]> {
  const { rows } = await compared(workspaceId).execute(reader as Writer)
  if (rows.length === 0) throw notFound('workspace', 'workspace')
  return rows.flatMap(({ of, kept, counted }) =>
    names.flatMap((name, place) => {
      const [own, there] = [kept[place] ?? 0, counted[place] ?? 0]
      return own === there ? [] : [{ of, name, kept: own, counted: there }]
    }),
  )
}

/**
 * Counts anew, and keeps the result. No change of the workspace commits meanwhile, so none is missed.
 * @returns what was wrong
 * @throws Refusal NOT_FOUND
 */
export async function repairCounts(writer: Writer, workspaceId: string): Promise<WrongCount[]> {
  const { rows } = await sql`
    update workspace set revision = revision + 1 where id = ${workspaceId} returning id`.execute(writer)
  if (rows.length === 0) throw notFound('workspace', 'workspace')
  const wrong = await wrongCounts(writer, workspaceId)
  const { rows: all } = await compared(workspaceId).execute(writer)
  for (const { of, counted } of all) {
    const [open = 0, closed = 0, archived = 0, unread = 0, unassigned = 0] = counted
    const counts = { open_count: open, closed_count: closed, archived_count: archived, unread_count: unread }
    if (of === workspaceId)
      await writer
        .updateTable('workspace')
        .set({ ...counts, unassigned_count: unassigned })
        .where('id', '=', workspaceId)
        .execute()
    else
      await writer
        .insertInto('agent_counts')
        .values({ workspace_id: workspaceId, agent_id: of, ...counts })
        .onConflict(conflict => conflict.columns(['workspace_id', 'agent_id']).doUpdateSet(counts))
        .execute()
  }
  return wrong
}
