import type { Db, Writer } from '../db/db.ts'
import { refusal } from './errors.ts'
import { type Facts, recordEvents } from './event.ts'

/** What a key may do: see, or change. */
export type Scope = 'read' | 'write'

/** Who asks: a key of one workspace, on behalf of its agent or of itself. */
export type Actor = {
  workspaceId: string
  /** The agent the key acts as, else the key: what an event names as its actor. */
  id: string
  keyId: string
  scopes: readonly Scope[]
}

/** What it takes to act for someone: the first parameter of everything that changes something. */
export type Operation = {
  actor: Actor
  db: Db
  /**
   * Called after a change with events has been committed, never before. `watched`: somebody follows the workspace's log,
   * here or in another process.
   */
  committed(workspaceId: string, watched: boolean): void
}

/** @throws Refusal FORBIDDEN when the key lacks the scope. */
export function requireScope(actor: Actor, scope: Scope): void {
  if (!actor.scopes.includes(scope))
    throw refusal('FORBIDDEN', `This key may not ${scope}: it lacks the scope "${scope}".`)
}

/** Records a change's events as its last statement, and answers the cursor of the last one. */
export type Record = (facts: Facts) => Promise<string>

/**
 * Runs a change in one transaction: lock, decide, write, record. Whatever is thrown inside undoes all of it. `write` ends
 * with `record`, or records nothing when nothing changed.
 */
export async function change<Result>(
  operation: Pick<Operation, 'db' | 'committed'>,
  workspaceId: string,
  write: (writer: Writer, record: Record) => Promise<Result>,
): Promise<Result> {
  let recorded: { watched: boolean } | undefined
  const result = await operation.db.transaction().execute(writer =>
    write(writer, async facts => {
      const { cursor, watched } = await recordEvents(writer, workspaceId, facts)
      recorded = { watched }
      return cursor
    }),
  )
  if (recorded) operation.committed(workspaceId, recorded.watched)
  return result
}
