import { setTimeout as after } from 'node:timers/promises'
import type { ExecutionResult } from 'graphql'
import { Unavailable } from '../../db/unavailable.ts'
import { toCursor } from '../../domain/event/cursor.ts'
import type { Event } from '../../domain/event/rows.ts'
import { eventContext } from '../schema/context.ts'
import { withoutHttp } from './errors.ts'
import type { Engine, Execution } from './execute.ts'

const retryAfterMs = 250

/**
 * Executes one event and returns the result as JSON text. If the database is unavailable, it tries once more. Then the
 * error ends the subscription, so that its clients resume. Any other error is delivered with the event's cursor, so
 * that clients can go on after it.
 *
 * @throws Unavailable
 */
export async function answerEvent(
  engine: Engine,
  execution: Execution,
  event: unknown,
  signal?: AbortSignal,
): Promise<string> {
  const execute = () =>
    engine.execute({ ...execution, event, context: eventContext(execution.context, signal) })
  let result = await execute()
  if (isUnavailable(result)) {
    await after(retryAfterMs)
    result = await execute()
    if (isUnavailable(result)) throw new Unavailable(result.errors?.[0])
  }
  if (!result.errors) return JSON.stringify(result)
  const cursor = isEvent(event) ? { cursor: toCursor(event) } : {}
  const errors = result.errors
    .map(withoutHttp)
    .map(error => ({ ...error, extensions: { ...error.extensions, ...cursor } }))
  return JSON.stringify({ ...result, errors })
}

/** Codes of errors that pass: the event must not be answered with one, or its clients would go on without it. */
const temporary = ['UNAVAILABLE', 'RATE_LIMITED']

const isUnavailable = ({ errors }: ExecutionResult) =>
  errors?.some(({ extensions }) => temporary.some(code => extensions.code === code)) ?? false

const isEvent = (value: unknown): value is Event =>
  typeof value === 'object' && value !== null && 'seq' in value
