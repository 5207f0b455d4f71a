import { setTimeout as after } from 'node:timers/promises'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { AppOptions } from './app-options.ts'
import { authenticate, createConfirm } from './auth/authenticate.ts'
import { countRefusals } from './auth/count-refusals.ts'
import { watchKeys } from './auth/key-watch.ts'
import { rememberActors } from './auth/remember-actors.ts'
import { slowFailures } from './auth/slow-failures.ts'
import { lendReplicas } from './db/read-replicas.ts'
import { demoWorkspaceId } from './demo/documented.ts'
import { createBudgets } from './domain/budgets.ts'
import type { Operation } from './domain/operation.ts'
import { createRevisions } from './domain/workspace/revisions.ts'
import { inOrder } from './graphql/execution/execute.ts'
import { createGraph } from './graphql/execution/graph.ts'
import { traceOperations } from './graphql/execution/trace-operations.ts'
import { watchOperations } from './graphql/execution/watch-operations.ts'
import { createOpenStreams } from './graphql/transport/open-streams.ts'
import { graphqlOverWebSocket } from './graphql/transport/websocket/server.ts'
import { createClientAddresses } from './http/client-address.ts'
import { createMetrics } from './http/metrics.ts'
import { createServer } from './http/server.ts'
import { openLiveDelivery } from './live-delivery.ts'
import { startLoops } from './loops.ts'
import { createMailParser } from './mail/inbound/parser-pool.ts'
import { registerRoutes } from './routes.ts'
import { closeInOrder } from './runtime/close.ts'
import { createQuota } from './runtime/quota.ts'
import { seldom } from './runtime/seldom.ts'

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
  const { database, limits, log, traces } = options
  const onErrorOf = failuresTo(log)
  const metrics = createMetrics({
    open: () => ({
      sockets: webSockets.count(),
      subscribers: live.broadcasts.subscribers(),
      feeds: live.feeds.watched(),
    }),
    database: database.state,
    isListening: () => live.hints.isListening(),
    hints: () => live.hints.counts(),
    feedAgeSeconds: () => live.feeds.ageSeconds(),
    eventsBehind: () => live.broadcasts.behind(),
    replicaReads: () => (options.replicas.length > 0 ? reading.reads() : null),
    mailQueue: () => loops.mailQueue.last(),
  })
  const budgets = createBudgets(limits)
  const live = openLiveDelivery({
    ...options,
    events: budgets.events,
    onSent: event => metrics.eventSent(event.occurredAt),
    onErrorOf,
  })
  const { announce, feeds, broadcasts, counts } = live
  const loops = startLoops({
    ...options,
    db: database.share(gateway),
    demoDb: database.share({ keyId: 'demo traffic', workspaceId: demoWorkspaceId }),
    probe: database.probe,
    changes: database.changes,
    announce,
    isWatched: feeds.isWatched,
    addresses: { from: options.mailFrom, replyDomain: options.mailReplyDomain },
    metrics,
    onErrorOf,
  })
  const parser = createMailParser()
  const keys = watchKeys(database.reserved, onErrorOf('keys'))
  const streams = createOpenStreams(keys.watch)
  const unsent = createQuota(limits.maxUnsentBytesPerKey)
  const open = createQuota(limits.maxRequestBytesPerKey)
  const reading = readingOf(options)
  const { revisionOf, shareForQueries } = reading
  const confirm = createConfirm(database.reserved)
  const { observe = inOrder(traceOperations(traces), watchOperations(log, metrics.operation)) } = options
  const graph = createGraph(
    {
      share: database.share,
      shareForQueries,
      announce,
      feeds,
      broadcasts,
      counts,
      outbox: loops.outbox,
      confirm,
    },
    { limits, budgets, unsent, observe, trusted: options.trusted, revisionOf },
  )
  const clientAddresses = createClientAddresses(options.trustedProxies)
  const lookUp = slowFailures(header => authenticate(database.reserved, header), budgets.failures)
  const access = {
    authenticate: countRefusals(rememberActors(lookUp), metrics.keyRefused),
    clientAddresses,
  }
  const newServer = () => createServer(log, { ...options, clientAddresses })
  const { fastify, closeIdle } = await newServer()
  const metricsServer = options.metricsPort === null ? null : await newServer()
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
  let isClosing = false
  await registerRoutes(fastify, {
    app: options,
    access,
    lookUp,
    graph,
    budgets,
    metrics,
    metricsServer: metricsServer?.fastify ?? fastify,
    streams,
    parser,
    traffic: loops.traffic,
    unsent,
    open,
    revisionOf,
    confirm,
    announce,
    isClosing: () => isClosing,
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
        live.closing,
      ])
    },
  }
}

/** Writes what fails in the background. While the database is away, the feed of each watched workspace fails each second. */
function failuresTo(log: FastifyBaseLogger) {
  const tell = seldom(1_000, (loop: string, count: number, error: unknown, where: object) =>
    log.warn({ err: error, loop, count, ...where }, 'background work failed and is tried again'),
  )
  return (loop: string) =>
    (error: unknown, where: object = {}) =>
      tell(loop, error, where)
}

/** Where queries read: from replicas, if there are any that have seen what the database has. */
function readingOf({ database, replicas }: AppOptions) {
  const revisionOf = createRevisions(database)
  const { lend, isReadAgain, reads } = lendReplicas(
    database.lend,
    replicas.map(replica => ({ lend: replica.lend, revisionOf: createRevisions(replica) })),
    revisionOf,
  )
  const shareForQueries = replicas.length > 0 ? database.shareOf(lend, isReadAgain) : database.share
  return { revisionOf, shareForQueries, reads }
}
