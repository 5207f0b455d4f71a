import { randomUUID } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import { type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql'
import { type ErrorCode, explain, httpStatus, type Refusal } from '../domain/errors.ts'

/** Whose request failed, and where to write down what is not told to the client. */
export type Asker = { requestId: string; log: FastifyBaseLogger }

// Where GraphQL answers with another status than 200, whatever else the response holds.
const telling: readonly ErrorCode[] = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'LIMIT_EXCEEDED',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'INTERNAL',
]

/** The error that tells a client of a refusal, under its code. */
export function refusalError(refusal: Refusal, located?: GraphQLError): GraphQLError {
  const { code, message, problems } = refusal
  const headers = code === 'UNAUTHENTICATED' ? { headers: { 'WWW-Authenticate': 'Bearer' } } : {}
  return new GraphQLError(message, {
    nodes: located?.nodes ?? null,
    path: located?.path ?? null,
    extensions: {
      code,
      ...(problems[0].path.length ? { path: problems[0].path } : {}),
      ...(telling.includes(code) ? { http: { status: httpStatus[code], ...headers } } : {}),
    },
  })
}

/**
 * Any error as the client may see it: a refusal by its code, a question that the graph does not understand as
 * INVALID_INPUT, and everything else as INTERNAL, with no word of what happened but the id under which the log has it.
 */
export function presentable(error: unknown, { requestId, log }: Asker): GraphQLError {
  const graphql = error instanceof GraphQLError ? error : null
  if (graphql && String(graphql.extensions.code) in httpStatus) return graphql
  const refusal = explain(graphql?.originalError ?? error)
  if (refusal) return refusalError(refusal, graphql ?? undefined)
  if (graphql && !graphql.path) return misunderstood(graphql)
  log.error({ err: graphql?.originalError ?? error, requestId, path: graphql?.path }, 'unexpected error')
  return new GraphQLError('Something went wrong on our side.', {
    nodes: graphql?.nodes ?? null,
    path: graphql?.path ?? null,
    extensions: { code: 'INTERNAL', requestId, http: { status: httpStatus.INTERNAL } },
  })
}

/** What went wrong before a field was resolved: the document, its variables, or the request that carried them. */
export function misunderstood(error: GraphQLError): GraphQLError {
  // graphql-js and graphql-armor tell of a limit as of any syntax error: only the words differ.
  const limit = /^Syntax Error: (.*(?:limit of \d+ exceeded|contains more tha[nt] \d+ tokens).*)$/.exec(
    error.message,
  )
  if (limit)
    return new GraphQLError(limit[1] ?? '', { extensions: { code: 'LIMIT_EXCEEDED', http: { status: 400 } } })
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    // `spec`: 400 for application/graphql-response+json, 200 for application/json (GraphQL over HTTP, 6.4).
    extensions: {
      code: 'INVALID_INPUT',
      http: error.extensions.http ?? { spec: true, status: 400 },
    },
  })
}

/** A result whose errors are all fit for clients. */
export function presented(result: ExecutionResult, asker: Asker): ExecutionResult {
  return result.errors ? { ...result, errors: result.errors.map(error => presentable(error, asker)) } : result
}

/** For errors outside any request: they get an id of their own. */
export const presentableTo = (log: FastifyBaseLogger) => (error: unknown) =>
  presentable(error, { requestId: randomUUID(), log })

/** An error as it goes over a socket or an event stream, where HTTP has no say. */
export function withoutHttp(error: GraphQLError | GraphQLFormattedError): GraphQLFormattedError {
  const formatted = 'toJSON' in error ? error.toJSON() : error
  const { http: _, ...extensions } = formatted.extensions ?? {}
  return { ...formatted, extensions }
}
