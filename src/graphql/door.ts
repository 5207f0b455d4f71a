import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GraphQLError } from 'graphql'
import { shouldRenderGraphiQL } from 'graphql-yoga'
import type { Actor } from '../domain/operation.ts'
import { bodyError } from './body-error.ts'
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
      if (request.method === 'POST' && !isObject(request.body))
        throw misfit(400, 'The body must be a JSON object.')
      const { actor, id: requestId, log } = request
      const streaming = () => {
        if (actor && !reply.raw.destroyed)
          reply.raw.once(
            'close',
            onStream(actor, () => reply.raw.destroy()),
          )
      }
      const lastEventId = request.headers['last-event-id']?.toString()
      const asking = { actor, requestId, log, streaming, lastEventId }
      return graph.handleNodeRequestAndResponse(request, reply, asking)
    },
  })
}

const isObject = (body: unknown) => typeof body === 'object' && body !== null && !Array.isArray(body)

/** A browser that opens the address gets the page without a key; the page itself asks for one. */
const isPage = ({ method, headers }: FastifyRequest) =>
  shouldRenderGraphiQL({ method, headers: new Headers({ accept: headers.accept ?? '' }) } as Request)

/** What fails before the graph is asked (the credential, the body) answers in the graph's own shape. */
function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const wrong = bodyError(error)
  const shown = presentable(wrong ? misfit(wrong.status, wrong.message) : error, {
    requestId: request.id,
    log: request.log,
  })
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

function misfit(status: number, message: string): GraphQLError {
  const code = status === 413 ? 'LIMIT_EXCEEDED' : 'INVALID_INPUT'
  return new GraphQLError(message, { extensions: { code, http: { status } } })
}
