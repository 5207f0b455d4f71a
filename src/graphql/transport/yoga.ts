import type { FastifyBaseLogger } from 'fastify'
import { type ExecutionResult, GraphQLError } from 'graphql'
import { createYoga, type GraphQLParams, type Plugin, type YogaServerInstance } from 'graphql-yoga'
import { refusal } from '../../domain/errors.ts'
import type { AnswerStream } from '../execution/answer-stream.ts'
import { errorOf, toClientErrorOutside } from '../execution/errors.ts'
import type { Graph } from '../execution/graph.ts'
import { documentIdIn, type NamedDocument } from '../execution/trusted-documents.ts'
import { useEventStream } from './event-stream.ts'
import type { HttpRequest } from './http-request.ts'

export type YogaServer = YogaServerInstance<HttpRequest, object>

/**
 * Yoga reads requests and writes responses according to GraphQL over HTTP. It executes nothing: the
 * graph replaces its own pipeline.
 */
export function createYogaServer(graph: Graph, log: FastifyBaseLogger): YogaServer {
  const useGraph: Plugin<object, HttpRequest> = {
    onParams({ request, params, setParams, setParamsHandler }) {
      const documentId = documentIdIn(request.method === 'GET' ? inUrl(request.url, params) : params)
      // Yoga demands a text, also of a request that names a trusted document.
      if (documentId !== null && (params.query ?? null) === null) setParams({ ...params, query: '' })
      setParamsHandler(
        ({ params: { query = '', ...others }, context }) =>
          // To Yoga this is a stream of results. Only the event stream's processor reads it.
          execute(
            graph,
            request.method,
            { ...others, query, documentId },
            context,
          ) as Promise<ExecutionResult>,
      )
    },
  }
  return createYoga<HttpRequest, object>({
    plugins: [useGraph, useEventStream()],
    extraParamNames: ['documentId', 'id', 'doc_id'],
    maskedErrors: { maskError: toClientErrorOutside(log) },
    parserAndValidationCache: false,
    graphiql: false,
    logging: false,
    landingPage: false,
    multipart: false,
    cors: false,
  })
}

/** Yoga reads only the parameters that it knows from a URL. */
const inUrl = (url: string, params: GraphQLParams) => ({
  ...Object.fromEntries(new URL(url, 'http://localhost').searchParams),
  extensions: params.extensions,
})

async function execute(
  graph: Graph,
  method: string,
  { query, documentId, operationName, variables }: GraphQLParams & NamedDocument,
  request: HttpRequest,
): Promise<ExecutionResult | AnswerStream> {
  const { begun } = request
  const operation = begun?.operation ?? (await graph.prepare({ query, documentId, operationName }, request))
  if ('errors' in operation) return operation
  if (method === 'GET' && operation.kind === 'mutation') return { errors: [mutationByGet] }
  if (operation.kind === 'subscription' && !request.takeStream()) return { errors: [tooManyStreams] }
  return begun?.result ?? graph.execute(operation, variables, request)
}

const tooManyStreams = errorOf(
  refusal('LIMIT_EXCEEDED', 'This key or this address has too many event streams.'),
)

const mutationByGet = new GraphQLError('Can only perform a mutation operation from a POST request.', {
  extensions: { code: 'INVALID_INPUT', http: { status: 405, headers: { Allow: 'POST' } } },
})
