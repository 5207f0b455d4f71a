import type { FastifyRequest } from 'fastify'
import type { Graph } from '../execution/graph.ts'
import type { Begun, HttpRequest } from './http-request.ts'

/** An answer to be sent as it is. */
export type DirectAnswer = { type: string; body: Buffer }

/** What a common request may have in its body; anything else is for Yoga. */
type CommonBody = {
  query: string
  operationName?: string | null
  variables?: Record<string, unknown> | null
}

const json = 'application/json; charset=utf-8'
const graphqlResponse = 'application/graphql-response+json; charset=utf-8'

/** The type of an answer by the header `Accept`, for the values that common clients send. */
const types = new Map(
  Object.entries({
    '*/*': json,
    'application/json': json,
    'application/graphql-response+json': graphqlResponse,
    'application/graphql-response+json, application/json': graphqlResponse,
    'application/graphql-response+json,application/json;q=0.9': graphqlResponse,
  }),
)

/**
 * Answers a common request directly: a query or a mutation by POST, with JSON both ways, whose answer has no errors.
 * Yoga's generic parsing and negotiation take several times as long as the answer. Everything else is left to it.
 *
 * @returns the answer; or what has been done, for Yoga to go on; null: nothing
 */
export async function answerDirectly(
  graph: Graph,
  request: FastifyRequest,
  caller: HttpRequest,
): Promise<DirectAnswer | Begun | null> {
  const type = types.get(request.headers.accept ?? '*/*')
  const { body } = request
  if (type === undefined || request.method !== 'POST' || request.url !== '/graphql' || !isCommon(body))
    return null
  const { query, operationName, variables } = body
  const operation = await graph.prepare({ query, operationName, documentId: null }, caller)
  if ('errors' in operation || operation.kind === 'subscription') return { operation }
  const answer = await graph.answer(operation, variables, caller)
  return 'text' in answer ? { type, body: bodyOf(answer.text) } : { operation, result: answer }
}

/** Node writes bytes sooner than a long text, and Fastify need not count them. */
const bodyOf = (text: string | Buffer): Buffer => (typeof text === 'string' ? Buffer.from(text) : text)

const isTextOrNone = (value: unknown) => value == null || typeof value === 'string'
const isObjectOrNone = (value: unknown) =>
  value == null || (typeof value === 'object' && !Array.isArray(value))

function isCommon(body: unknown): body is CommonBody {
  const { query, operationName, variables, ...others } = body as Record<string, unknown>
  return (
    typeof query === 'string' &&
    query !== '' &&
    isTextOrNone(operationName) &&
    isObjectOrNone(variables) &&
    Object.keys(others).length === 0
  )
}
