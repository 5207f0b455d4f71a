import type { Db, Writer } from '../db/db.ts'
import { refusal } from './errors.ts'

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
  /** Called after a change with events has been committed, never before. */
  committed(workspaceId: string): void
}

/** @throws Refusal FORBIDDEN when the key lacks the scope. */
export function requireScope(actor: Actor, scope: Scope): void {
  if (!actor.scopes.includes(scope))
    throw refusal('FORBIDDEN', `This key may not ${scope}: it lacks the scope "${scope}".`)
}

/**
 * Runs a change in one transaction: lock, decide, write, record. Whatever is thrown inside undoes all of it.
 * `write` ends with `recordEvents` and answers with its cursor, or null when nothing changed.
 */
export async function change<Result extends { cursor: string | null }>(
  operation: Pick<Operation, 'db' | 'committed'>,
  workspaceId: string,
  write: (writer: Writer) => Promise<Result>,
): Promise<Result> {
  const result = await operation.db.transaction().execute(write)
  if (result.cursor) operation.committed(workspaceId)
  return result
}
