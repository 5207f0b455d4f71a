import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GraphQLError } from 'graphql'
import { shouldRenderGraphiQL } from 'graphql-yoga'
import type { Actor } from '../domain/operation.ts'
import { presentable, withoutHttp } from './errors.ts'
import type { Graph } from './graph.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null before authentication and on pages that need none. */
    actor: Actor | null
  }
}

export type DoorOptions = {
  graph: Graph
  authenticate(header: unknown): Promise<Actor>
  /** Called with each event stream that opens: `cut` ends it without a word, so that its client comes back. */
  onStream(actor: Actor, cut: () => void): () => void
}

/** The graph over HTTP: queries and mutations by POST, queries by GET, subscriptions as event streams by either. */
export async function httpDoor(
  app: FastifyInstance,
  { graph, authenticate, onStream }: DoorOptions,
): Promise<void> {
  app.setErrorHandler(answerError)
  app.addHook('onRequest', async request => {
    if (!isPage(request)) request.actor = await authenticate(request.headers.authorization)
  })
  app.route({
    url: '/graphql',
    method: ['GET', 'POST'],
    schema: { hide: true },
    handler(request, reply) {
      const { actor, id: requestId, log } = request
      if (actor && request.headers.accept?.includes('text/event-stream'))
        reply.raw.once(
          'close',
          onStream(actor, () => reply.raw.destroy()),
        )
      return graph.handleNodeRequestAndResponse(request, reply, { actor, requestId, log })
    },
  })
}

/** A browser that opens the address gets the page without a key; the page itself asks for one. */
const isPage = ({ method, headers }: FastifyRequest) =>
  shouldRenderGraphiQL({ method, headers: new Headers({ accept: headers.accept ?? '' }) } as Request)

/** What fails before the graph is asked (the credential, the body) answers in the graph's own shape. */
function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const told = error.statusCode && error.statusCode < 500 ? misfit(error, error.statusCode) : error
  const shown = presentable(told, { requestId: request.id, log: request.log })
  const { status = 400, headers = {} } = (shown.extensions.http ?? {}) as Http
  const type = request.headers.accept?.includes('application/graphql-response+json')
    ? 'application/graphql-response+json; charset=utf-8'
    : 'application/json; charset=utf-8'
  return reply
    .code(status)
    .headers(headers)
    .type(type)
    .send(JSON.stringify({ errors: [withoutHttp(shown)] }))
}

type Http = { status?: number; headers?: Record<string, string> }

const words: Record<string, string> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not JSON.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty.',
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is larger than 1 MiB.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Content-Type must be application/json.',
}

function misfit(error: FastifyError, status: number): GraphQLError {
  const code = status === 413 ? 'LIMIT_EXCEEDED' : 'INVALID_INPUT'
  return new GraphQLError(words[error.code] ?? error.message, { extensions: { code, http: { status } } })
}
