import { hash } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import type { ExecutionResult } from 'graphql'
import { writesEachRequest } from '../../runtime/log.ts'
import type { Context } from '../schema/context.ts'
import type { AnswerText } from './answer-text.ts'
import type { Observe } from './execute.ts'
import type { PreparedOperation } from './prepare.ts'

export const maxNameCharacters = 100

/** An operation that takes so long is marked, and is a warning: so it is told where no request is. */
const slowMs = 1_000

/** Called when an operation has ended, or when a subscription has been opened. */
export type Measure = (operation: { kind: string; outcome: string; seconds: number }) => void

/**
 * Measures each operation, and writes one line for it, but none for the events of a subscription: who sent what, how long
 * it took, what it cost, and its outcome. A line has no variables and no text of the document.
 */
export function watchOperations(log: FastifyBaseLogger, measure: Measure): Observe {
  const isLogged = writesEachRequest(log)
  return execution => {
    const { event, operation, context } = execution
    if (event !== undefined) return undefined
    const begun = performance.now()
    return answer => {
      const { kind } = operation
      const ms = performance.now() - begun
      const outcome = outcomeOf(answer, context)
      measure({ kind, outcome, seconds: ms / 1_000 })
      const isSlow = ms >= slowMs
      if (!isLogged && !isSlow) return
      log[isSlow ? 'warn' : 'info'](
        {
          requestId: context.requestId,
          traceparent: context.trace?.traceparent,
          keyId: context.actor.keyId,
          workspaceId: context.actor.workspaceId,
          kind,
          operation: operation.operationName?.slice(0, maxNameCharacters) ?? null,
          document: hashOf(operation),
          ms: Math.round(ms * 10) / 10,
          statements: context.statements(),
          cost: execution.cost ?? null,
          outcome,
          ...(isSlow ? { slow: true } : {}),
        },
        'operation',
      )
    }
  }
}

/**
 * `ok`; `opened` for a subscription; `left` if its caller did not wait for the answer; else the code of the first error,
 * of `userErrors` too.
 */
export function outcomeOf(answer: ExecutionResult | AnswerText | null, context: Context): string {
  if (answer === null) return 'opened'
  const [error] = ('errors' in answer && answer.errors) || []
  if (error && context.hasLeft()) return 'left'
  return error ? String(error.extensions.code ?? 'INTERNAL') : (context.refusals[0] ?? 'ok')
}

const hashes = new WeakMap<PreparedOperation, string>()

/** The first characters of the document's SHA-256, enough to find it among those of a client. */
function hashOf(operation: PreparedOperation): string {
  const known = hashes.get(operation)
  if (known !== undefined) return known
  const made = hash('sha256', operation.text).slice(0, 16)
  hashes.set(operation, made)
  return made
}
