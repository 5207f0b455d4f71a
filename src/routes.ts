import { hash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { printSchema } from 'graphql'
import type { AppOptions } from './app-options.ts'
import { countRefusals } from './auth/count-refusals.ts'
import type { Authenticate } from './auth/slow-failures.ts'
import { traceStatement } from './db/trace-statement.ts'
import type { Traffic } from './demo/traffic.ts'
import { trafficAddress, trafficRoute } from './demo/traffic-route.ts'
import { type Budgets, costWindowSeconds } from './domain/budgets.ts'
import type { Actor, Operation } from './domain/operation.ts'
import { requireAnswerBytes } from './graphql/execution/cost.ts'
import type { Graph } from './graphql/execution/graph.ts'
import { tooMuchUnsent } from './graphql/schema/answer-bytes.ts'
import { schema } from './graphql/schema/schema.ts'
import { lazyGraphiqlFiles, serveGraphiqlFiles } from './graphql/transport/graphiql/files.ts'
import { graphqlOverHttp } from './graphql/transport/http.ts'
import { createInProcess } from './graphql/transport/in-process.ts'
import type { OpenStreams } from './graphql/transport/open-streams.ts'
import type { Access } from './http/authenticate-requests.ts'
import { logRequests } from './http/log-requests.ts'
import type { Metrics } from './http/metrics.ts'
import { serveOpenApi } from './http/openapi.ts'
import { servePage } from './http/page.ts'
import { probes } from './http/probes.ts'
import { tellRateLimit } from './http/rate-limit.ts'
import type { OpenRequests } from './http/request-bytes.ts'
import { traceRequests } from './http/trace-requests.ts'
import type { MailParser } from './mail/inbound/parser-pool.ts'
import { inboundMailRoute } from './mail/inbound/route.ts'
import { createTakeIn } from './mail/inbound/take-in.ts'
import { restRoutes } from './rest/routes.ts'
import type { Quota } from './runtime/quota.ts'

/** What requests are answered with. */
export type RoutesOptions = {
  app: AppOptions
  access: Access
  /** A key looked up each time, for callers who must not be served after its end. */
  lookUp: Authenticate
  graph: Graph
  budgets: Budgets
  metrics: Metrics
  /** Where the metrics are served. */
  metricsServer: FastifyInstance
  streams: OpenStreams
  parser: MailParser
  /** null: the demo has no traffic. */
  traffic: Traffic | null
  /** What each key has unsent, and open. */
  unsent: Quota
  open: OpenRequests
  revisionOf(workspaceId: string): Promise<string>
  confirm(actor: Actor): Promise<void>
  announce: Operation['announce']
  isClosing(): boolean
}

const prefix = '/v1/workspaces'

/** Registers everything that is answered over HTTP. */
export async function registerRoutes(fastify: FastifyInstance, options: RoutesOptions): Promise<void> {
  const { app, access, graph, budgets, metrics, unsent, open, traffic, isClosing } = options
  const { limits } = app
  tellRateLimit(fastify, {
    windowSeconds: costWindowSeconds,
    stateOf: ({ keyId }) => budgets.cost.state(keyId),
  })
  // Its client opens the next connection elsewhere.
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (isClosing()) reply.header('Connection', 'close')
    done()
  })
  traceRequests(fastify, app.traces)
  logRequests(fastify, app.log)
  await serveOpenApi(fastify)
  probes(fastify, { db: app.database.probe, isClosing })
  metrics.observe(fastify)
  metrics.serve(options.metricsServer, app.metricsKey)
  await servePage(fastify, { folder: app.page, demoTraffic: traffic && trafficAddress })
  if (traffic) await fastify.register(trafficRoute, { ...access, traffic })
  const graphiql = app.graphiql ? lazyGraphiqlFiles() : null
  if (graphiql) serveGraphiqlFiles(fastify, graphiql)
  const tags = {
    form: hash('sha256', `${printSchema(schema)} ${limits.maxPageSize}`),
    revisionOf: options.revisionOf,
    spend: (actor: Actor) => budgets.cost.spend(actor.keyId, 1),
  }
  await fastify.register(graphqlOverHttp, {
    ...access,
    ...limits,
    graph,
    tags,
    unsent,
    open,
    graphiql,
    graphiqlKey: app.demoPageKey,
    onStream: options.streams.add,
  })
  await fastify.register(restRoutes, {
    ...access,
    ...limits,
    prefix,
    tags,
    inProcess: createInProcess(graph, app.log),
    unsent: {
      hold: unsent.hold,
      take(keyId, bytes) {
        requireAnswerBytes(bytes, limits)
        const release = unsent.take(keyId, bytes)
        if (!release) throw tooMuchUnsent(unsent.max)
        return release
      },
    },
    open,
  })
  await registerInboundMail(fastify, options)
}

async function registerInboundMail(fastify: FastifyInstance, options: RoutesOptions): Promise<void> {
  const { app, lookUp, metrics, access, announce } = options
  await fastify.register(inboundMailRoute, {
    authenticate: countRefusals(lookUp, metrics.keyRefused),
    clientAddresses: access.clientAddresses,
    ...app.limits,
    prefix,
    receiveMail: createTakeIn({
      budgets: options.budgets,
      parser: options.parser,
      replyDomain: app.mailReplyDomain,
      confirm: options.confirm,
      keepsRaw: app.mailKeepDays > 0,
      operationOf: caller => ({
        ...caller,
        db: app.database.share(caller.actor, undefined, text => traceStatement(caller.trace, text)),
        announce,
      }),
    }),
  })
}
