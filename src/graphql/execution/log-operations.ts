import { hash } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import type { ExecutionResult } from 'graphql'
import { writesEachRequest } from '../../runtime/log.ts'
import type { AnswerText } from './answer-text.ts'
import type { Observe } from './execute.ts'
import type { PreparedOperation } from './prepare.ts'

const maxNameCharacters = 100

/**
 * Writes one line for each operation, but none for the events of a subscription: who sent what, how long it took, what it
 * cost, and its outcome. A line has no variables and no text of the document. Undefined if these lines are not wanted.
 */
export function logOperations(log: FastifyBaseLogger): Observe | undefined {
  if (!writesEachRequest(log)) return undefined
  return execution => {
    if (execution.event !== undefined) return undefined
    const { operation, context } = execution
    const begun = performance.now()
    return answer =>
      log.info(
        {
          requestId: context.requestId,
          keyId: context.actor.keyId,
          workspaceId: context.actor.workspaceId,
          kind: operation.kind,
          operation: operation.operationName?.slice(0, maxNameCharacters) ?? null,
          document: hashOf(operation),
          ms: Math.round((performance.now() - begun) * 10) / 10,
          statements: context.statements(),
          cost: execution.cost ?? null,
          outcome: outcomeOf(answer),
        },
        'operation',
      )
  }
}

/** `ok`, `opened` for a subscription, or the code of the first error. */
function outcomeOf(answer: ExecutionResult | AnswerText | null): unknown {
  if (answer === null) return 'opened'
  const [error] = ('errors' in answer && answer.errors) || []
  return error ? (error.extensions.code ?? 'INTERNAL') : 'ok'
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
