import { randomUUID } from 'node:crypto'
import { CompiledQuery } from 'kysely'
import type { SharedDatabase } from '../../db/share.ts'
import { shareNextOf } from '../../runtime/share-next.ts'

/**
 * A text that is another one after each committed change of a workspace. It is read after the call, so a change that its
 * caller can know of is in it.
 */
export type RevisionOf = (workspaceId: string) => Promise<string>

const statement = 'select id, revision from workspace where id = any($1)'

/**
 * Reads the revisions of workspaces: one statement at a time for all who ask, so any number of clients is served. On the
 * embedded database, which no other process changes, its own changes are counted instead, without a statement. They begin
 * anew with each start, so the start is a part of the revision.
 */
export function createRevisions({
  reserved,
  changes,
}: Pick<SharedDatabase, 'reserved' | 'changes'>): RevisionOf {
  const start = randomUUID()
  if (changes) return async () => `${start} ${changes()}`
  const read = shareNextOf(async (ids: string[]) => {
    const { rows } = await reserved.executeQuery<{ id: string; revision: number }>(
      CompiledQuery.raw(statement, [ids]),
    )
    return new Map(rows.map(({ id, revision }) => [id, `${revision}`]))
  })

  return async workspaceId => {
    const revision = (await read(workspaceId)).get(workspaceId)
    if (revision === undefined) throw new Error(`The workspace ${workspaceId} of a valid key does not exist.`)
    return revision
  }
}
