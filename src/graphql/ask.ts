import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import type { GraphQLError } from 'graphql'
import type { Asking, Graph } from './graph.ts'

/**
 * How the rest of the house asks the graph: a document, prepared once, then asked with an actor and variables. It passes
 * everything a client's question passes but HTTP. @throws GraphQLError, the first of the answer's errors
 */
export type Ask = <Result, Variables extends object>(
  document: TypedDocumentNode<Result, Variables>,
) => (asking: Asking, variables: Variables) => Promise<Result>

/** Prepares questions for this graph. @throws AggregateError for a question that does not fit the schema */
export function createAsk(graph: Graph): Ask {
  return <Result, Variables extends object>(document: TypedDocumentNode<Result, Variables>) => {
    const { schema, validate } = graph.getEnveloped()
    const errors = validate(schema, document) as GraphQLError[]
    if (errors.length > 0) throw new AggregateError(errors, 'A question of ours does not fit the graph.')
    return async (asking, variables) => {
      const enveloped = graph.getEnveloped(asking)
      const contextValue = await enveloped.contextFactory()
      const result = await enveloped.execute({ schema, document, variableValues: variables, contextValue })
      if (result.errors) throw result.errors[0]
      return result.data
    }
  }
}
