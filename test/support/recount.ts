import { sql } from 'kysely'
import { expect } from 'vitest'
import type { Db } from '../../src/db/db.ts'
import { wrongCounts } from '../../src/domain/workspace/recount.ts'
import { counts } from './conversations.ts'
import type { Workspace } from './gateway.ts'

/** Fails unless the kept counts of a workspace and of its agents and its event log agree with what its rows say. */
export async function expectSound(db: Db, { id, client }: Pick<Workspace, 'id' | 'client'>): Promise<void> {
  const { rows } = await sql<Record<string, number>>`
    select count(*) filter (where status = 'OPEN') as open, count(*) filter (where status = 'CLOSED') as closed,
      count(*) filter (where status = 'ARCHIVED') as archived,
      count(*) filter (where status = 'OPEN' and is_unread) as unread,
      count(*) filter (where status = 'OPEN' and assigned_to_id is null) as unassigned
    from conversation where workspace_id = ${id}`.execute(db)
  expect(await counts(client)).toEqual(rows[0])
  expect(await wrongCounts(db, id)).toEqual([])
  const log = await sql<{ events: number; first: number; last: number; head: number }>`
    select count(event.seq) as events, coalesce(min(event.seq), 1) as first, coalesce(max(event.seq), 0) as last, max(workspace.event_seq) as head
    from workspace left join event on event.workspace_id = workspace.id where workspace.id = ${id}`.execute(
    db,
  )
  const [{ events = 0, first, last, head } = {}] = log.rows
  expect({ first, last, head }).toEqual({ first: 1, last: events, head: events })
}
