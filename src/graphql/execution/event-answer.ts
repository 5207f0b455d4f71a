import type { ExecutionResult } from 'graphql'
import { Busy, Unavailable } from '../../db/unavailable.ts'
import { whenAvailable } from '../../db/when-available.ts'
import { toCursor } from '../../domain/event/cursor.ts'
import type { Event } from '../../domain/event/rows.ts'
import type { ExecuteFor } from '../../live/broadcasts.ts'
import type { Owner } from '../../runtime/turns.ts'
import { eventContext, eventOwner } from '../schema/context.ts'
import { withoutHttp } from './errors.ts'
import type { Engine } from './execute.ts'
import type { Execution } from './execution.ts'

/**
 * Executes events for all who share a subscription, and returns each result as JSON text. Transient errors are not
 * delivered: the client would skip an event that it never saw. While the keys that share it are busy, the
 * event comes later. If the database stays unavailable, the error ends the subscription, so that its clients resume. Any
 * other error is delivered with the event's cursor, so that clients can go on after it.
 *
 * @throws Unavailable; the signal's reason when all have left
 */
export function executeEvents(engine: Pick<Engine, 'execute'>, execution: Execution): ExecuteFor {
  const { actor, unsent, limits, sharedRows } = execution.context

  return async (value, { keyIds, isCatchUp, signal }) => {
    /** Returns null if the key has no room for the answer. */
    async function execute(owner: Owner, bytesOf: string | null): Promise<ExecutionResult | null> {
      const shared =
        !isCatchUp && isEvent(value) ? sharedRows.join(value, owner, execution.context.related) : null
      const context = eventContext(execution.context, {
        owner,
        signal,
        bytesOf,
        shared: shared?.rows ?? null,
      })
      const result = await engine.execute({ ...execution, event: value, context })
      shared?.leave()
      if (context.bytes.refused()?.code === 'RATE_LIMITED') return null
      requireLasting(result)
      return result
    }

    /** Reserves the bytes of the largest answer before it executes. */
    async function executeReserved(owner: Owner, bytesOf: string): Promise<ExecutionResult | null> {
      const release = await unsent.takeWhenPossible(bytesOf, limits.maxAnswerBytes, signal)
      try {
        return await execute(owner, null)
      } finally {
        release()
      }
    }

    let tries = 0
    async function attempt(): Promise<ExecutionResult> {
      // If one key is busy, the next try is in the turns of another one.
      const keys = keyIds()
      const keyId = keys[tries++ % keys.length]
      if (keyId === undefined) throw signal.reason
      const owner = eventOwner(actor.workspaceId, keyId, isCatchUp)
      const bytesOf = `events ${keyId}`
      const result = (await execute(owner, bytesOf)) ?? (await executeReserved(owner, bytesOf))
      if (!result) throw new Busy()
      return result
    }

    return textOf(await whenAvailable(attempt, signal), value)
  }
}

/** @throws Busy, Unavailable for an error that passes */
function requireLasting({ errors = [] }: ExecutionResult): void {
  const codes = errors.map(({ extensions }) => extensions.code)
  if (codes.includes('UNAVAILABLE')) throw new Unavailable(errors[codes.indexOf('UNAVAILABLE')])
  if (codes.includes('RATE_LIMITED')) throw new Busy()
}

function textOf(result: ExecutionResult, value: object): string {
  if (!result.errors) return JSON.stringify(result)
  const cursor = isEvent(value) ? { cursor: toCursor(value) } : {}
  const errors = result.errors
    .map(withoutHttp)
    .map(error => ({ ...error, extensions: { ...error.extensions, ...cursor } }))
  return JSON.stringify({ ...result, errors })
}

const isEvent = (value: object): value is Event => 'seq' in value
