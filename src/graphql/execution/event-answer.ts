import type { ExecutionResult } from 'graphql'
import { Busy, type Reason, Unavailable } from '../../db/unavailable.ts'
import { whenAvailable } from '../../db/when-available.ts'
import { toCursor } from '../../domain/event/cursor.ts'
import type { Event } from '../../domain/event/rows.ts'
import type { ExecuteFor } from '../../live/broadcasts.ts'
import type { Owner } from '../../runtime/turns.ts'
import { eventContext, eventOwner } from '../schema/context.ts'
import type { AnswerText } from './answer-text.ts'
import { withoutHttp } from './errors.ts'
import type { Engine } from './execute.ts'
import type { Execution } from './execution.ts'

type Answer = ExecutionResult | AnswerText

/**
 * Executes events for all who share a subscription, and returns each result as JSON text. Transient errors are not
 * delivered: the client would skip an event that it never saw. While the keys that share it are busy, the
 * event comes later. If the database stays unavailable, the error ends the subscription, so that its clients resume. Any
 * other error is delivered with the event's cursor, so that clients can go on after it.
 *
 * @throws Unavailable; the signal's reason when all have left
 */
export function executeEvents(engine: Pick<Engine, 'answer'>, execution: Execution): ExecuteFor {
  const { actor, unsent, limits, sharedRows } = execution.context

  return async (value, { keyIds, isCatchUp, signal }) => {
    /** Returns null if the key has no room for the answer. */
    async function execute(owner: Owner, bytesOf: string | null): Promise<Answer | null> {
      const shared =
        !isCatchUp && isEvent(value) ? sharedRows.join(value, owner, execution.context.related) : null
      const context = eventContext(execution.context, {
        owner,
        signal,
        bytesOf,
        shared: shared?.rows ?? null,
      })
      const answer = await engine.answer({ ...execution, event: value, context })
      shared?.leave()
      if (context.bytes.refused()?.code === 'RATE_LIMITED') return null
      if ('errors' in answer) requireLasting(answer)
      return answer
    }

    /** Reserves the bytes of the largest answer before it executes. */
    async function executeReserved(owner: Owner, bytesOf: string): Promise<Answer | null> {
      const release = await unsent.takeWhenPossible(bytesOf, limits.maxAnswerBytes, signal)
      try {
        return await execute(owner, null)
      } finally {
        release()
      }
    }

    let tries = 0
    async function attempt(): Promise<Answer> {
      // If one key is busy, the next try is in the turns of another one.
      const keys = keyIds()
      const keyId = keys[tries++ % keys.length]
      if (keyId === undefined) throw signal.reason
      const owner = eventOwner(actor.workspaceId, keyId, isCatchUp)
      const bytesOf = `events ${keyId}`
      const answer = (await execute(owner, bytesOf)) ?? (await executeReserved(owner, bytesOf))
      if (!answer) throw new Busy()
      return answer
    }

    return textOf(await whenAvailable(attempt, signal), value)
  }
}

/** @throws Busy, Unavailable for an error that passes */
function requireLasting({ errors = [] }: ExecutionResult): void {
  const codes = errors.map(({ extensions }) => extensions.code)
  const unavailable = errors[codes.indexOf('UNAVAILABLE')]
  if (unavailable) throw new Unavailable(unavailable, unavailable.extensions.reason as Reason)
  if (codes.includes('RATE_LIMITED')) throw new Busy()
}

function textOf(answer: Answer, value: object): string {
  if ('text' in answer) return answer.text.toString()
  if (!answer.errors) return JSON.stringify(answer)
  const cursor = isEvent(value) ? { cursor: toCursor(value) } : {}
  const errors = answer.errors
    .map(withoutHttp)
    .map(error => ({ ...error, extensions: { ...error.extensions, ...cursor } }))
  return JSON.stringify({ ...answer, errors })
}

const isEvent = (value: object): value is Event => 'seq' in value
