import type { Db, Writer } from '../db/db.ts'
import type { Trace } from '../runtime/traces.ts'
import { refusal } from './errors.ts'
import { toCursor } from './event/cursor.ts'
import { type Facts, recordEvents } from './event/record.ts'
import type { IdempotencyKey } from './idempotency/key.ts'
import { claimKeys, completeKeys } from './idempotency/rows.ts'

/** What a key may do: read, change, or administer agents, channels and keys. */
export type Scope = 'read' | 'write' | 'admin'

/** The caller: a key of one workspace, acting for its agent or for itself. */
export type Actor = {
  workspaceId: string
  /** The agent that the key acts for, else the key. Events name it as their actor. */
  id: string
  keyId: string
  scopes: readonly Scope[]
}

/**
 * What is needed to act for a caller: the first parameter of every operation. The commands of an operator take a
 * `Writer`.
 */
export type Operation = {
  actor: Actor
  db: Db
  /**
   * Called after a change with events has been committed, never before. `isWatched`: the workspace's log was
   * watched at the time of the change, here or in another process.
   */
  announce(workspaceId: string, isWatched: boolean): void
  /** Where it is in a trace. Its events name the place. */
  trace?: Trace | null | undefined
}

/** An operation of the gateway itself, such as a delivery. */
export type GatewayOperation = Pick<Operation, 'db' | 'announce' | 'trace'>

const verbs = { read: 'read', write: 'write', admin: 'administer' } as const satisfies Record<Scope, string>

/** @throws Refusal FORBIDDEN when the key lacks the scope. */
export function requireScope(actor: Actor, scope: Scope): void {
  if (!actor.scopes.includes(scope))
    throw refusal('FORBIDDEN', `This key may not ${verbs[scope]}: it lacks the scope "${scope}".`)
}

/** What a change has written: its result, and the facts to record; `facts` null: nothing changed. */
export type Written<Result> = { result: Result; facts: Facts | null }

/** How an equal request gets the result of a change without making the change again. */
export type Repeatable<Result> = {
  /** Each key alone finds the result. */
  keys: readonly IdempotencyKey[]
  /** The ids that name a result. */
  idsOf(result: Result): readonly string[]
  /** Reads a result by its ids. The rows are the current ones. */
  read(writer: Writer, workspaceId: string, ids: readonly string[]): Promise<Result>
}

/** A result with the cursor of the change's last event; `cursor` null: nothing has changed. */
export type Changed<Result> = Result & {
  cursor: string | null
  /** Whether an earlier request has made the change. */
  replayed: boolean
}

/**
 * Runs a change in one transaction: claim idempotency keys, write (lock, decide, write), record, complete the keys,
 * commit. Then it announces the change. If `write` throws, everything is rolled back.
 *
 * @throws what `write` throws; Refusal IDEMPOTENCY_MISMATCH
 */
export async function change<Result extends object>(
  operation: GatewayOperation,
  workspaceId: string,
  write: (writer: Writer) => Promise<Written<Result>>,
  { keys, idsOf, read }: Repeatable<Result> = unrepeatable,
): Promise<Changed<Result>> {
  const { result, seq, isWatched, replayed } = await operation.db.transaction().execute(async writer => {
    const earlier = await claimKeys(writer, workspaceId, keys)
    if (earlier) {
      const result = await read(writer, workspaceId, earlier.ids)
      return { result, seq: earlier.seq, isWatched: null, replayed: true }
    }
    const { result, facts } = await write(writer)
    const isLast = keys.length === 0
    const traceparent = operation.trace?.traceparent ?? null
    const { seq, isWatched } = facts
      ? await recordEvents(writer, workspaceId, { ...facts, traceparent }, isLast)
      : nothingRecorded
    await completeKeys(writer, workspaceId, keys, { ids: idsOf(result), seq }, true)
    return { result, seq, isWatched, replayed: false }
  })
  if (isWatched !== null) operation.announce(workspaceId, isWatched)
  return { ...result, cursor: seq === null ? null : toCursor({ workspaceId, seq }), replayed }
}

const nothingRecorded = { seq: null, isWatched: null }

const unrepeatable: Repeatable<never> = {
  keys: [],
  idsOf: () => [],
  read: () => Promise.reject(new Error('A change without idempotency keys cannot be repeated.')),
}
