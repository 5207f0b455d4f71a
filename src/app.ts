import { randomUUID } from 'node:crypto'
import cors from '@fastify/cors'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { authenticate, watchKeys } from './auth.ts'
import type { Config } from './config.ts'
import { watchConnections } from './connections.ts'
import type { Db } from './db/db.ts'
import type { Actor, Operation } from './domain/operation.ts'
import { createAsk } from './graphql/ask.ts'
import { httpDoor } from './graphql/door.ts'
import { createGraph } from './graphql/graph.ts'
import { socketDoor } from './graphql/websocket.ts'
import { createCounts } from './live/counts.ts'
import { createFeeds } from './live/feeds.ts'
import type { Hints, HintsOptions } from './live/hints.ts'
import { createQuestions } from './live/questions.ts'
import { keepRetention } from './live/retention.ts'
import { takeMail } from './mail/inbound.ts'
import { startOutbox } from './mail/outbox.ts'
import type { Post } from './mail/post.ts'
import { createReader } from './mail/reader.ts'
import { probes } from './probes.ts'
import { answerBadPath, answerError, answerMalformed, answerNotFound } from './rest/errors.ts'
import { restDoor } from './rest/routes.ts'

export type AppOptions = {
  db: Db
  post: Post
  /** How other processes on the same database are told of changes. */
  openHints(options: HintsOptions): Hints
  log: FastifyBaseLogger
} & Pick<
  Config,
  | 'mailFrom'
  | 'mailReplyDomain'
  | 'corsOrigins'
  | 'eventRetentionDays'
  | 'operationsPerSocket'
  | 'socketsPerKey'
>

/** A gateway that is ready to listen. */
export type App = {
  fastify: FastifyInstance
  /** To be called by those who change something without asking the graph. */
  committed: Operation['committed']
  /** Answers what was asked, tells live clients to come back, and ends within 10 seconds. The database stays open. */
  close(): Promise<void>
}

const patience = 8_000

/** Joins the rooms into one server. Opens nothing: the database is handed in, and the caller listens. */
export async function createApp({
  db,
  post,
  openHints,
  log,
  mailFrom,
  mailReplyDomain,
  corsOrigins,
  eventRetentionDays,
  operationsPerSocket,
  socketsPerKey,
}: AppOptions): Promise<App> {
  const onError = (error: unknown) => log.warn({ err: error }, 'will be tried again')
  const feeds = createFeeds(db, { onError })
  const questions = createQuestions(feeds)
  const counts = createCounts(db, feeds)
  const hints = openHints({ onHint: feeds.hint, onError })
  const committed = (workspaceId: string, watched: boolean) => {
    feeds.hint(workspaceId)
    if (watched) hints.publish(workspaceId)
  }
  const addresses = { from: mailFrom, replyDomain: mailReplyDomain }
  const outbox = startOutbox({ db, committed, post, addresses, onError })
  const reader = createReader()
  const keys = watchKeys(db, onError)
  const retention = keepRetention(db, eventRetentionDays, onError)
  const graph = createGraph({ db, committed, feeds, questions, counts, outbox }, log)
  const admit = (header: unknown) => authenticate(db, header)
  const streams = new Set<() => void>()
  let closing = false

  const fastify = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1024 * 1024,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 4_096 },
    frameworkErrors: answerBadPath as never,
    clientErrorHandler: answerMalformed as never,
  })
  const letGo = watchConnections(fastify.server)
  fastify.removeContentTypeParser('text/plain')
  fastify.decorateRequest('actor', null)
  fastify.setErrorHandler(answerError)
  fastify.setNotFoundHandler(answerNotFound)
  fastify.addHook('onRequest', async (request, reply) => void reply.header('X-Request-Id', request.id))
  if (corsOrigins.length > 0)
    await fastify.register(cors, {
      origin: corsOrigins,
      methods: ['GET', 'HEAD', 'POST', 'PUT'],
      exposedHeaders: ['Link', 'Idempotency-Replayed', 'X-Request-Id'],
    })
  await describe(fastify)

  const door = socketDoor(fastify.server, {
    graph,
    log,
    authenticate: admit,
    onSocket: keys.watch,
    operationsPerSocket,
    socketsPerKey,
  })
  probes(fastify, {
    db,
    closing: () => closing,
    open: () => ({ sockets: door.sockets(), subscribers: questions.subscribers(), feeds: feeds.watched() }),
  })
  fastify.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/graphql'))
  await fastify.register(httpDoor, { graph, authenticate: admit, onStream })
  await fastify.register(restDoor, {
    prefix: '/v1/workspaces',
    ask: createAsk(graph),
    authenticate: admit,
    takeMail: (actor, raw, key) =>
      takeMail({ actor, db, committed }, raw, { reader, replyDomain: mailReplyDomain }, key),
  })

  function onStream(actor: Actor, cut: () => void): () => void {
    // Its request came before the closing began, and its stream would be open after all others have been cut.
    if (closing) cut()
    streams.add(cut)
    const unwatch = keys.watch(actor, cut)
    return () => {
      streams.delete(cut)
      unwatch()
    }
  }

  return {
    fastify,
    committed,
    async close() {
      closing = true
      keys.close()
      const socketsGone = door.close(patience)
      for (const cut of streams) cut()
      letGo()
      const late = setTimeout(() => fastify.server.closeAllConnections(), patience)
      await Promise.all([socketsGone, fastify.close()])
      clearTimeout(late)
      await Promise.all([feeds.close(), hints.close(), outbox.close(), retention.close(), reader.close()])
    },
  }
}

/** The OpenAPI document of the REST paths, and pages to read it. */
async function describe(fastify: FastifyInstance): Promise<void> {
  await fastify.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Conversations API', version: '1' },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
  })
  await fastify.register(swaggerUi, { routePrefix: '/v1/docs' })
  fastify.get('/v1/openapi.json', { schema: { hide: true } }, async () => fastify.swagger())
}
