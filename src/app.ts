import { hash } from 'node:crypto'
import { setTimeout as after } from 'node:timers/promises'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { printSchema } from 'graphql'
import { authenticate, requireValid } from './auth/authenticate.ts'
import { countRefusals } from './auth/count-refusals.ts'
import { watchKeys } from './auth/key-watch.ts'
import { rememberActors } from './auth/remember-actors.ts'
import { slowFailures } from './auth/slow-failures.ts'
import type { Config } from './config.ts'
import { lendReplicas } from './db/read-replicas.ts'
import type { SharedDatabase } from './db/share.ts'
import { traceStatement } from './db/trace-statement.ts'
import { demoWorkspaceId } from './demo/documented.ts'
import { trafficAddress, trafficRoute } from './demo/traffic-route.ts'
import { costWindowSeconds, createBudgets } from './domain/budgets.ts'
import type { Actor, Operation } from './domain/operation.ts'
import { createRevisions } from './domain/workspace/revisions.ts'
import { inOrder, type Observe } from './graphql/execution/execute.ts'
import { createGraph } from './graphql/execution/graph.ts'
import { traceOperations } from './graphql/execution/trace-operations.ts'
import type { TrustedDocuments } from './graphql/execution/trusted-documents.ts'
import { watchOperations } from './graphql/execution/watch-operations.ts'
import { schema } from './graphql/schema/schema.ts'
import { lazyGraphiqlFiles, serveGraphiqlFiles } from './graphql/transport/graphiql/files.ts'
import { graphqlOverHttp } from './graphql/transport/http.ts'
import { createInProcess } from './graphql/transport/in-process.ts'
import { createOpenStreams } from './graphql/transport/open-streams.ts'
import { graphqlOverWebSocket } from './graphql/transport/websocket/server.ts'
import { createClientAddresses } from './http/client-address.ts'
import { logRequests } from './http/log-requests.ts'
import { createMetrics } from './http/metrics.ts'
import { serveOpenApi } from './http/openapi.ts'
import { servePage } from './http/page.ts'
import { probes } from './http/probes.ts'
import { tellRateLimit } from './http/rate-limit.ts'
import { createServer } from './http/server.ts'
import { traceRequests } from './http/trace-requests.ts'
import { newEpochAfterLoss } from './jobs/watch-origin.ts'
import { createAnnounce } from './live/announce.ts'
import { createBroadcasts } from './live/broadcasts.ts'
import { createCounts } from './live/counts.ts'
import { createFeeds } from './live/feeds.ts'
import type { Hints, HintsOptions } from './live/hints.ts'
import { startLoops } from './loops.ts'
import { createMailParser } from './mail/inbound/parser-pool.ts'
import { inboundMailRoute } from './mail/inbound/route.ts'
import { createTakeIn } from './mail/inbound/take-in.ts'
import type { MailTransport } from './mail/outbound/transport.ts'
import { restRoutes } from './rest/routes.ts'
import { closeInOrder } from './runtime/close.ts'
import { createQuota } from './runtime/quota.ts'
import { seldom } from './runtime/seldom.ts'
import type { Traces } from './runtime/traces.ts'

export type AppOptions = {
  database: SharedDatabase
  /** Copies of the database that queries may read from. */
  replicas: readonly SharedDatabase[]
  mailTransport: MailTransport
  /** Opens the hints, which tell other processes on the same database about changes. */
  openHints(options: HintsOptions): Hints
  log: FastifyBaseLogger
  /** Called with each operation that is executed, and with each event of a subscription. Default: operations are traced, measured and logged. */
  observe?: Observe
  traces: Traces
  /** The trusted documents, and whether nothing else is executed. */
  trusted: TrustedDocuments
  /** A key of the demo that everybody who reaches the gateway may see; null: there is none. */
  demoPageKey: string | null
  /** The folder of the inbox page; null: `/` leads to GraphiQL. */
  page: string | null
} & Pick<
  Config,
  | 'mailFrom'
  | 'mailReplyDomain'
  | 'corsOrigins'
  | 'trustedProxies'
  | 'eventRetentionDays'
  | 'mailKeepDays'
  | 'limits'
  | 'graphiql'
  | 'connections'
  | 'shutdownDelayMs'
  | 'metricsKey'
  | 'metricsPort'
  | 'demoTraffic'
>

/** A gateway that is ready to listen. */
export type App = {
  fastify: FastifyInstance
  /** Serves the metrics on a port of their own; null: `fastify` serves them. */
  metricsServer: FastifyInstance | null
  /** Announces changes that are made without the graph. */
  announce: Operation['announce']
  /**
   * Says that it is not ready, and goes on for the delay, so that whoever routes requests here sees it. Then it lets
   * running requests finish, tells live clients to reconnect, and stops all loops. Requests get 6 seconds, then
   * deliveries get 3. The database stays open.
   */
  close(): Promise<void>
}

/** The gateway's own work takes turns with the requests of all keys. */
const gateway = { keyId: 'gateway', workspaceId: 'gateway' }

/** How long requests and sockets may take to end when the app closes. */
const closeTimeoutMs = 6_000

/** Joins the rooms into one server. It opens no database and does not listen: the caller does both. */
export async function createApp(options: AppOptions): Promise<App> {
  const { log, mailReplyDomain: replyDomain } = options
  const { reserved, probe, share } = options.database
  const db = share(gateway)
  // While the database is away, the feed of each watched workspace fails each second.
  const tellFailure = seldom(1_000, (loop: string, count: number, error: unknown, where: object) =>
    log.warn({ err: error, loop, count, ...where }, 'background work failed and is tried again'),
  )
  const onErrorOf =
    (loop: string) =>
    (error: unknown, where: object = {}) =>
      tellFailure(loop, error, where)
  const feeds = createFeeds(options.database, {
    onError: onErrorOf('feeds'),
    onLoss: workspaces => log.warn({ workspaces }, newEpochAfterLoss),
  })
  const metrics = createMetrics({
    open: () => ({
      sockets: webSockets.count(),
      subscribers: broadcasts.subscribers(),
      feeds: feeds.watched(),
    }),
    database: options.database.state,
    isListening: () => hints.isListening(),
    hints: () => hints.counts(),
    feedAgeSeconds: feeds.ageSeconds,
    eventsBehind: () => broadcasts.behind(),
    replicaReads: () => (options.replicas.length > 0 ? reading.reads() : null),
    mailQueue: () => loops.mailQueue.last(),
  })
  const { limits, traces, trusted } = options
  const { observe = inOrder(traceOperations(traces), watchOperations(log, metrics.operation)) } = options
  const budgets = createBudgets(limits)
  const broadcasts = createBroadcasts(feeds, {
    limits,
    events: budgets.events,
    onSent: event => metrics.eventSent(event.occurredAt),
  })
  const counts = createCounts(reserved, feeds)
  const hints = options.openHints({
    probe,
    onHint: feeds.hint,
    onDeaf: () =>
      log.warn(
        'changes of other processes are seen up to a second late: notifications do not arrive. Where DATABASE_URL leads through a pooler, DATABASE_DIRECT_URL must lead to the same database without it',
      ),
    onError: onErrorOf('hints'),
  })
  const announce = createAnnounce(feeds, hints)
  const addresses = { from: options.mailFrom, replyDomain }
  const loops = startLoops({
    ...options,
    db,
    demoDb: share({ keyId: 'demo traffic', workspaceId: demoWorkspaceId }),
    probe,
    // The embedded database is never promoted, and its copies cannot be told apart.
    mayBePromoted: options.database.changes === null,
    announce,
    isWatched: feeds.isWatched,
    addresses,
    metrics,
    onErrorOf,
  })
  const { outbox, traffic } = loops
  const parser = createMailParser()
  const keys = watchKeys(reserved, onErrorOf('keys'))
  const streams = createOpenStreams(keys.watch)
  const unsent = createQuota(limits.maxUnsentBytesPerKey)
  const open = createQuota(limits.maxRequestBytesPerKey)
  const revisionOf = createRevisions(options.database)
  const reading = lendReplicas(
    options.database.lend,
    options.replicas.map(replica => ({ lend: replica.lend, revisionOf: createRevisions(replica) })),
    revisionOf,
  )
  const shareForQueries =
    options.replicas.length > 0 ? options.database.shareOf(reading.lend, reading.isReadAgain) : share
  const form = hash('sha256', `${printSchema(schema)} ${limits.maxPageSize}`)
  const tags = { form, revisionOf, spend: (actor: Actor) => budgets.cost.spend(actor.keyId, 1) }
  const confirm = (actor: Actor) => requireValid(reserved, actor)
  const graph = createGraph(
    { share, shareForQueries, announce, feeds, broadcasts, counts, outbox, confirm },
    {
      limits,
      budgets,
      unsent,
      observe,
      trusted,
      revisionOf,
    },
  )
  const clientAddresses = createClientAddresses(options.trustedProxies)
  const lookUp = slowFailures(header => authenticate(reserved, header), budgets.failures)
  const access = {
    authenticate: countRefusals(rememberActors(lookUp), metrics.keyRefused),
    clientAddresses,
  }
  let isClosing = false

  const { fastify, closeIdle } = await createServer(log, { ...options, clientAddresses })
  tellRateLimit(fastify, {
    windowSeconds: costWindowSeconds,
    stateOf: ({ keyId }) => budgets.cost.state(keyId),
  })
  const webSockets = graphqlOverWebSocket(fastify.server, {
    ...limits,
    ...access,
    log,
    graph,
    unsent,
    open,
    traces,
    onSocket: keys.watch,
    onClose: metrics.socketClosed,
  })
  // Its client opens the next connection elsewhere.
  fastify.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('Connection', 'close')
  })
  traceRequests(fastify, traces)
  logRequests(fastify, log)
  await serveOpenApi(fastify)
  probes(fastify, { db: probe, isClosing: () => isClosing })
  metrics.observe(fastify)
  const metricsServer =
    options.metricsPort === null ? null : await createServer(log, { ...options, clientAddresses })
  metrics.serve(metricsServer?.fastify ?? fastify, options.metricsKey)
  await servePage(fastify, { folder: options.page, demoTraffic: traffic && trafficAddress })
  if (traffic) await fastify.register(trafficRoute, { ...access, traffic })
  const graphiql = options.graphiql ? lazyGraphiqlFiles() : null
  if (graphiql) serveGraphiqlFiles(fastify, graphiql)
  const prefix = '/v1/workspaces'
  await fastify.register(graphqlOverHttp, {
    ...access,
    ...limits,
    graph,
    tags,
    unsent,
    open,
    graphiql,
    graphiqlKey: options.demoPageKey,
    onStream: streams.add,
  })
  await fastify.register(restRoutes, {
    ...access,
    ...limits,
    prefix,
    tags,
    inProcess: createInProcess(graph, log),
    holdUnsent: unsent.hold,
    open,
  })
  await fastify.register(inboundMailRoute, {
    authenticate: countRefusals(lookUp, metrics.keyRefused),
    clientAddresses,
    ...limits,
    prefix,
    receiveMail: createTakeIn({
      budgets,
      parser,
      replyDomain,
      confirm,
      keepsRaw: options.mailKeepDays > 0,
      operationOf: caller => ({
        ...caller,
        db: share(caller.actor, undefined, text => traceStatement(caller.trace, text)),
        announce,
      }),
    }),
  })

  /** Ends everything in parallel: the server cannot close before its sockets and streams have ended. */
  async function endRequests(): Promise<void> {
    const socketsGone = webSockets.close(closeTimeoutMs)
    streams.close()
    closeIdle()
    metricsServer?.closeIdle()
    const timer = setTimeout(() => fastify.server.closeAllConnections(), closeTimeoutMs)
    await Promise.all([socketsGone, fastify.close(), metricsServer?.fastify.close()]).finally(() =>
      clearTimeout(timer),
    )
  }

  return {
    fastify,
    metricsServer: metricsServer?.fastify ?? null,
    announce,
    async close() {
      isClosing = true
      if (options.shutdownDelayMs > 0) await after(options.shutdownDelayMs)
      const keysClosed = keys.close()
      return closeInOrder([
        // First, and waiting for nothing else: clients are told at once, even when the database does not answer.
        [['the requests', endRequests]],
        // Outcomes of the last deliveries are still announced.
        [
          ...loops.closing,
          ['the key watch', () => keysClosed],
          ['the mail parser', parser.close],
          ['the traces', async () => void (await traces.close())],
        ],
        [
          ['the feeds', feeds.close],
          ['the hints', hints.close],
        ],
      ])
    },
  }
}
