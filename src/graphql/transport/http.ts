import type { ServerResponse } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GraphQLError } from 'graphql'
import { shouldRenderGraphiQL } from 'graphql-yoga'
import type { Actor } from '../../domain/operation.ts'
import { actorOf } from '../../http/actor.ts'
import { type Access, authenticateRequests } from '../../http/authenticate-requests.ts'
import { type AcceptedBody, bodyError, jsonBody } from '../../http/body-error.ts'
import { clientGone } from '../../http/client-gone.ts'
import { countBodies, type OpenRequests } from '../../http/request-bytes.ts'
import { type RevisionTags, tagRevisions } from '../../http/revision-tag.ts'
import { sendEncoded } from '../../http/send-encoded.ts'
import { isFromThisMachine } from '../../http/this-machine.ts'
import { untilClosed } from '../../http/until-closed.ts'
import { createQuota, type Quota, takeAll } from '../../runtime/quota.ts'
import { toClientError, withoutHttp } from '../execution/errors.ts'
import type { Graph } from '../execution/graph.ts'
import { documentIdIn } from '../execution/trusted-documents.ts'
import { answerDirectly } from './direct-answer.ts'
import type { GraphiqlFiles } from './graphiql/files.ts'
import { graphiqlPolicy, lazyGraphiqlPage } from './graphiql/page.ts'
import type { HttpRequest } from './http-request.ts'
import { createYogaServer } from './yoga.ts'

export type HttpOptions = Access & {
  graph: Graph
  tags: RevisionTags
  /** What GraphiQL loads, for browsers that open the address; null: they get the same response as other clients. */
  graphiql: (() => Promise<GraphiqlFiles>) | null
  /** The key that GraphiQL shows and uses on this machine; null, and elsewhere: its reader puts one in. */
  graphiqlKey: string | null
  /** Called with each event stream that opens. `cut` ends it without `complete`, so that its client reconnects. */
  onStream(actor: Actor, cut: () => void): () => void
  maxBodyBytes: number
  maxStreamsPerKey: number
  maxStreamsPerAddress: number
  /** What each key has unsent. */
  unsent: Quota
  open: OpenRequests
}

/** The graph over HTTP: queries and mutations by POST, queries by GET, subscriptions as event streams by either. */
export async function graphqlOverHttp(
  app: FastifyInstance,
  {
    graph,
    graphiql,
    graphiqlKey,
    authenticate,
    clientAddresses,
    onStream,
    unsent,
    open,
    tags,
    ...limits
  }: HttpOptions,
): Promise<void> {
  const yoga = createYogaServer(graph, app.log)
  const ofKey = createQuota(limits.maxStreamsPerKey)
  const ofAddress = createQuota(limits.maxStreamsPerAddress)
  const pages = graphiql && {
    withoutKey: lazyGraphiqlPage(graphiql, null),
    withKey: lazyGraphiqlPage(graphiql, graphiqlKey),
  }
  const isPage = (request: FastifyRequest) => pages !== null && asksForGraphiql(request)
  app.setErrorHandler(answerError(jsonBody(limits.maxBodyBytes)))
  authenticateRequests(app, { authenticate, clientAddresses }, isPage)
  countBodies(app, open, limits.maxBodyBytes)
  tagRevisions(app, tags, request => !isPage(request) && !asksForMore(request))
  app.route({
    url: '/graphql',
    method: ['GET', 'POST'],
    schema: { hide: true },
    // Fastify's route for HEAD cannot send what Yoga returns.
    exposeHeadRoute: false,
    async handler(request, reply) {
      if (pages && isPage(request)) {
        const page = await (isFromThisMachine(request) ? pages.withKey : pages.withoutKey)()
        reply.headers({ 'Content-Security-Policy': graphiqlPolicy, 'Cache-Control': 'no-cache' })
        return sendEncoded(request, reply, page)
      }
      if (request.method === 'POST' && !isObject(request.body))
        throw badRequest(400, 'The body must be a JSON object.')
      // Yoga would say that the JSON is not valid.
      if (request.method === 'POST' && namesNothing(request.body as object))
        throw badRequest(400, 'Must provide query string.')
      // The graph adds the request's id to its lines itself, as a socket has no log of its own.
      const { id: requestId } = request
      const { log } = app
      const actor = actorOf(request)
      const onEventStream = () => {
        if (!reply.raw.destroyed)
          reply.raw.once(
            'close',
            onStream(actor, () => reply.raw.destroy()),
          )
      }
      const keyId = actor?.keyId ?? ''
      const lastEventId = request.headers['last-event-id']?.toString()
      const caller: HttpRequest = {
        actor,
        trace: request.trace,
        requestId,
        log,
        onEventStream,
        lastEventId,
        onAnswer: bytes => untilClosed(reply, unsent.hold(keyId, bytes)),
        takeStream() {
          const release = takeAll(
            () => ofKey.take(keyId, 1),
            () => ofAddress.take(clientAddresses.of(request.raw), 1),
          )
          if (release) untilClosed(reply, release)
          return release !== null
        },
        drained: () => drained(reply.raw),
        tellsCost: request.headers['x-query-cost'] === '1',
        begun: null,
        signal: clientGone(reply),
      }
      const direct = await answerDirectly(graph, request, caller)
      if (direct && 'body' in direct) return reply.type(direct.type).send(direct.body)
      // The log, the metrics, the quotas and Fastify each wait for the end of a stream, which are more than Node's ten.
      reply.raw.setMaxListeners(20)
      return yoga.handleNodeRequestAndResponse(request, reply, { ...caller, begun: direct })
    },
  })
}

/** Whether a browser opens the address. It gets the page without a key, because the page has a field for the key. */
const asksForGraphiql = ({ method, headers }: FastifyRequest): boolean =>
  method === 'GET' &&
  shouldRenderGraphiQL({ method, headers: new Headers({ accept: headers.accept ?? '' }) } as Request)

function drained(response: ServerResponse): Promise<void> {
  if (!response.writableNeedDrain || response.destroyed) return Promise.resolve()
  return new Promise(resolve => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

/** Whether the answer to a GET is a stream, or tells its cost. */
const asksForMore = ({ headers }: FastifyRequest) =>
  headers['x-query-cost'] === '1' || Boolean(headers.accept?.includes('text/event-stream'))

/** Whether a body has neither a text nor the id of a trusted document. */
const namesNothing = (body: object) =>
  ((body as { query?: unknown }).query ?? null) === null && documentIdIn(body) === null

const isObject = (body: unknown) => typeof body === 'object' && body !== null && !Array.isArray(body)

/** Errors before the graph runs (credential, body) are sent in the form of a GraphQL response. */
const answerError =
  (accepted: AcceptedBody) => (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    const wrong = bodyError(error, accepted)
    const shown = toClientError(wrong ? badRequest(wrong.status, wrong.message) : error, {
      requestId: request.id,
      log: request.server.log,
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

function badRequest(status: number, message: string): GraphQLError {
  const code = status === 413 ? 'LIMIT_EXCEEDED' : 'INVALID_INPUT'
  return new GraphQLError(message, { extensions: { code, http: { status } } })
}
