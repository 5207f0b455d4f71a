import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ExecutionResult } from 'graphql'
import type { Budgets } from '../../domain/budgets.ts'
import type { Limits } from '../../domain/limits.ts'
import type { Actor } from '../../domain/operation.ts'
import type { RevisionOf } from '../../domain/workspace/revisions.ts'
import { createQuota, type Quota } from '../../runtime/quota.ts'
import { createAnswerBytes } from '../schema/answer-bytes.ts'
import { type Caller, createContext, type GraphRooms } from '../schema/context.ts'
import { schema, uncountedSchema } from '../schema/schema.ts'
import { createSharedRows } from '../schema/shared-rows.ts'
import { createAnswerCache } from './answer-cache.ts'
import type { AnswerStream } from './answer-stream.ts'
import type { AnswerText } from './answer-text.ts'
import { type RequestLog, toClientError } from './errors.ts'
import { createEngine, type Observe } from './execute.ts'
import { createPrepare, type PreparedOperation, type Rejected } from './prepare.ts'
import { relatedRowsOf } from './related-rows.ts'
import { subscribe } from './subscribe.ts'
import type { NamedDocument, TrustedDocuments } from './trusted-documents.ts'

/**
 * The one way to execute a document, for every transport. The steps are parse, limits, validate (`prepare`), then
 * scopes, cost, execute, errors for clients (`execute`).
 */
export type Graph = {
  /**
   * Prepares an operation for a caller, or returns the errors that prevent its execution. A document that is not kept from
   * an earlier request is paid for. Never rejects.
   */
  prepare(
    request: NamedDocument & { operationName?: string | null | undefined },
    caller: RequestLog & { actor: Actor },
  ): Promise<PreparedOperation | Rejected>
  /** Prepares an operation of the gateway itself, which needs not be a trusted document. Never throws. */
  prepareOwn(query: string, log: RequestLog): PreparedOperation | Rejected
  /** Executes a prepared operation. For a subscription that opens it returns a stream of answers. Never rejects. */
  execute(
    operation: PreparedOperation,
    variables: Record<string, unknown> | null | undefined,
    caller: Caller,
  ): Promise<ExecutionResult | AnswerStream>
  /** Executes a query or a mutation, and returns the text of a result without errors. Never rejects. */
  answer(
    operation: PreparedOperation,
    variables: Record<string, unknown> | null | undefined,
    caller: Caller,
  ): Promise<ExecutionResult | AnswerText>
}

export type GraphOptions = {
  limits: Limits
  budgets: Pick<Budgets, 'cost' | 'documents' | 'text' | 'changes'>
  /** What each key has unsent, over all transports. */
  unsent: Quota
  revisionOf: RevisionOf
  /** Called with each operation, and with each event of a subscription that is executed. */
  observe?: Observe | undefined
  trusted: TrustedDocuments
}

export function createGraph(
  others: Omit<GraphRooms, 'openAnswer' | 'sharedRows' | 'text' | 'changes' | 'limits' | 'unsent'>,
  { limits, budgets, unsent, observe, trusted, revisionOf }: GraphOptions,
): Graph {
  const openAnswer = (owner: string | null) => createAnswerBytes(limits.maxAnswerBytes, unsent, owner)
  const sharedRows = createSharedRows(others.share)
  const rooms = {
    ...others,
    openAnswer,
    sharedRows,
    limits,
    unsent,
    text: budgets.text,
    changes: budgets.changes,
  }
  const { prepare, kept } = createPrepare(schema, limits)
  const busy = createQuota(1)
  const keptAnswer = createAnswerCache(limits.maxKeptAnswerBytes, revisionOf)
  const engine = createEngine({
    ...budgets,
    schema,
    uncountedSchema,
    limits,
    keptAnswer,
    observe,
  })

  /**
   * Work that keeps the process busy for milliseconds: one in a turn of the event loop for each key, however many come at
   * once. A chunk that a socket sends may hold hundreds.
   */
  async function inTurn<Result>({ actor }: Pick<Caller, 'actor'>, work: () => Result): Promise<Result> {
    const release = await busy.takeWhenPossible(actor.keyId, 1, undefined)
    try {
      await nextTurn()
      return work()
    } finally {
      release()
    }
  }

  /** The introspection is executed at once, as it reads nothing. */
  async function introspectedInTurn(operation: PreparedOperation | Rejected, caller: Pick<Caller, 'actor'>) {
    const introspects = !('errors' in operation) && operation.plan.fields.some(field => field.isIntrospected)
    return introspects ? inTurn(caller, () => operation) : operation
  }

  const contextOf = (
    { kind, rows, plan }: PreparedOperation,
    variables: Record<string, unknown> | null | undefined,
    caller: Caller,
  ) => createContext(rooms, caller, { kind, related: relatedRowsOf(rows, plan, variables, limits) })

  return {
    async prepare(request, caller) {
      try {
        const query = trusted.textOf(request)
        const { operationName } = request
        const known = kept(query, operationName)
        if (known) return await introspectedInTurn(known, caller)
        await budgets.documents.spend(
          caller.actor.keyId,
          Math.min(query.length, limits.maxDocumentCharacters),
        )
        return await inTurn(caller, () => prepare(query, operationName))
      } catch (error) {
        return { errors: [toClientError(error, caller)] }
      }
    },
    prepareOwn(query, log) {
      try {
        // REST callers see only what they have written, so they need not have the scope `read`.
        const prepared = prepare(query)
        const isChange = !('errors' in prepared) && prepared.kind === 'mutation'
        return isChange ? { ...prepared, scopes: ['write'] } : prepared
      } catch (error) {
        return { errors: [toClientError(error, log)] }
      }
    },
    async execute(operation, variables, caller) {
      const execution = { operation, variables, context: contextOf(operation, variables, caller) }
      return operation.kind === 'subscription' ? subscribe(engine, execution) : engine.execute(execution)
    },
    async answer(operation, variables, caller) {
      return engine.answer({ operation, variables, context: contextOf(operation, variables, caller) })
    },
  }
}
