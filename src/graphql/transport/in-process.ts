import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import type { FastifyBaseLogger } from 'fastify'
import { type GraphQLError, print } from 'graphql'
import { isErrorCode, refusalWith } from '../../domain/errors.ts'
import type { Actor } from '../../domain/operation.ts'
import type { Graph } from '../execution/graph.ts'
import { authorize } from '../execution/scopes.ts'
import type { Caller } from '../schema/context.ts'

/** An operation of the gateway itself, prepared once and executed for many callers. */
type InProcessOperation<Result, Variables> = {
  /** Refuses an actor before its variables are known. @throws Refusal FORBIDDEN */
  authorize(actor: Actor): void
  /** Returns the data of the result. @throws Refusal with the code and the message of the result's first error */
  execute(variables: Variables, caller: Caller): Promise<Result>
}

/**
 * Prepares operations that other rooms execute without HTTP. They pass every step that a client's operation passes.
 * @throws AggregateError for a document that does not fit the schema
 */
export type InProcess = <Result, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Result, Variables>,
) => InProcessOperation<Result, Variables>

export const createInProcess =
  (graph: Graph, log: FastifyBaseLogger): InProcess =>
  <Result, Variables extends Record<string, unknown>>(document: TypedDocumentNode<Result, Variables>) => {
    const operation = graph.prepareOwn(print(document), { requestId: 'start', log })
    if ('errors' in operation)
      throw new AggregateError(operation.errors, 'A document of the gateway is refused.')
    return {
      authorize: actor => authorize(actor, operation),
      async execute(variables, caller) {
        const result = await graph.execute(operation, variables, caller)
        if (Symbol.asyncIterator in result) throw new Error('A subscription cannot be executed in process.')
        if (result.errors?.[0]) throw refusalOf(result.errors[0])
        return result.data as Result
      },
    }
  }

function refusalOf({ message, extensions }: GraphQLError) {
  const code = isErrorCode(extensions.code) ? extensions.code : 'INTERNAL'
  const { retryAfter } = extensions
  return refusalWith(typeof retryAfter === 'number' ? { retryAfter } : {}, code, message)
}
