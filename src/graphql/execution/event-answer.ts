import type { ExecutionResult } from 'graphql'
import { Busy, Unavailable } from '../../db/unavailable.ts'
import { whenAvailable } from '../../db/when-available.ts'
import { toCursor } from '../../domain/event/cursor.ts'
import type { Event } from '../../domain/event/rows.ts'
import type { ExecuteFor } from '../../live/broadcasts.ts'
import { eventContext } from '../schema/context.ts'
import { withoutHttp } from './errors.ts'
import type { Engine } from './execute.ts'
import type { Execution } from './execution.ts'

/**
 * Executes events for all who share a subscription, and returns each result as JSON text. An error that passes is never
 * delivered, or clients would go on after an event that they have not seen. While the key that pays is busy, the event
 * comes later. If the database stays unavailable, the error ends the subscription, so that its clients resume. Any other
 * error is delivered with the event's cursor, so that clients can go on after it.
 *
 * @throws Unavailable
 */
export function executeEvents(engine: Engine, execution: Execution): ExecuteFor {
  const { unsent, limits } = execution.context

  return async (value, { keyId, signal }) => {
    async function execute(bytesOf: string | null): Promise<ExecutionResult | 'no room'> {
      const context = eventContext(execution.context, { keyId, signal, bytesOf })
      const result = await engine.execute({ ...execution, event: value, context })
      if (context.bytes.refused()?.code === 'RATE_LIMITED') return 'no room'
      requireLasting(result)
      return result
    }

    async function attempt(): Promise<ExecutionResult> {
      const owner = `events ${keyId}`
      const result = await execute(owner)
      if (result !== 'no room') return result
      const release = await unsent.room(owner, limits.maxAnswerBytes, signal)
      try {
        return (await execute(null)) as ExecutionResult
      } finally {
        release()
      }
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
