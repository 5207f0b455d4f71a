import { randomUUID } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import { type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql'
import { type ErrorCode, explain, isErrorCode, type Refusal } from '../../domain/errors.ts'
import { httpStatus } from '../../http/status.ts'
import { locateErrors, type UnlocatedDocument } from './locations.ts'

/** The request's id and log, for errors that clients must not see. */
export type RequestLog = { requestId: string; log: FastifyBaseLogger }

/** The codes that set the HTTP status of a GraphQL response, even if it also has data or other errors. */
const statusCodes: readonly ErrorCode[] = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'LIMIT_EXCEEDED',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'INTERNAL',
]

/** A refusal as a GraphQL error with its code; `located` gives the field where it was thrown. */
export function errorOf(
  { code, message, problems, extensions }: Refusal,
  located?: GraphQLError,
): GraphQLError {
  const headers: Record<string, string> = {
    ...(code === 'UNAUTHENTICATED' ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(extensions.retryAfter === undefined ? {} : { 'Retry-After': String(extensions.retryAfter) }),
  }
  return new GraphQLError(message, {
    nodes: located?.nodes ?? null,
    path: located?.path ?? null,
    extensions: {
      code,
      ...extensions,
      ...(problems[0].path.length ? { path: problems[0].path } : {}),
      ...(statusCodes.includes(code) ? { http: { status: httpStatus[code], headers } } : {}),
    },
  })
}

/**
 * Any error as clients may see it. A refusal keeps its code, and an error of the document or its variables is
 * INVALID_INPUT. Everything else is INTERNAL: the client gets the request's id, and the log gets the error.
 */
export function toClientError(error: unknown, { requestId, log }: RequestLog): GraphQLError {
  const graphql = error instanceof GraphQLError ? error : null
  if (graphql && isErrorCode(graphql.extensions.code)) return graphql
  const refusal = explain(graphql?.originalError ?? error)
  if (refusal) return errorOf(refusal, graphql ?? undefined)
  if (graphql && !graphql.path) return invalidRequest(graphql)
  log.error({ err: graphql?.originalError ?? error, requestId, path: graphql?.path }, 'unexpected error')
  return new GraphQLError('Something went wrong on our side.', {
    nodes: graphql?.nodes ?? null,
    path: graphql?.path ?? null,
    extensions: { code: 'INTERNAL', requestId, http: { status: httpStatus.INTERNAL } },
  })
}

/** An error of the document, its variables or the request that carried them, as INVALID_INPUT. */
export function invalidRequest({
  message,
  nodes,
  source,
  positions,
  extensions,
}: GraphQLError): GraphQLError {
  return new GraphQLError(cut(message), {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    // `spec`: 400 for application/graphql-response+json, 200 for application/json (GraphQL over HTTP, 6.4).
    extensions: { code: 'INVALID_INPUT', http: extensions.http ?? { spec: true, status: 400 } },
  })
}

/** A message may quote a value of the request, of any size. */
const maxMessageCharacters = 1_000

const cut = (message: string): string =>
  message.length > maxMessageCharacters
    ? `${message.slice(0, maxMessageCharacters).toWellFormed()}...`
    : message

/** The errors of one response. One field of a list can fail once for each of thousands of items. */
const maxErrors = 100

/** A result with its errors as clients may see them, the first 100. */
export function toClientErrors(
  result: ExecutionResult,
  document: UnlocatedDocument,
  request: RequestLog,
): ExecutionResult {
  if (!result.errors) return result
  const { errors = [], ...others } = locateErrors(result, document, maxErrors)
  return { ...others, errors: errors.map(error => toClientError(error, request)) }
}

/** For an error outside any request: it gets an id of its own. */
export const toClientErrorOutside = (log: FastifyBaseLogger) => (error: unknown) =>
  toClientError(error, { requestId: randomUUID(), log })

/** An error as it goes over a socket or an event stream, where `extensions.http` means nothing. */
export function withoutHttp(error: GraphQLError | GraphQLFormattedError): GraphQLFormattedError {
  const formatted = 'toJSON' in error ? error.toJSON() : error
  const { http: _, ...extensions } = formatted.extensions ?? {}
  return { ...formatted, extensions }
}
