import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { DatabaseState } from '../db/share.ts'
import { refusal } from '../domain/errors.ts'
import { heldHistogram } from './held-histogram.ts'
import { onEnd } from './log-requests.ts'
import { buckets, createMeasures, type Measures } from './measures.ts'

export type MetricsOptions = {
  /** What is open right now, by name. */
  open(): { sockets: number; subscribers: number; feeds: number }
  database(): DatabaseState
  /** Whether hints of other processes arrive; null: there are no other processes. */
  isListening(): boolean | null
  /** How many hints were sent to other processes, and received from them; null: there are no others. */
  hints(): { sent: number; received: number } | null
  /** For how long the log of a watched workspace has not been read, at most. */
  feedAgeSeconds(): number
  /** How many events of a log the live subscribers of a broadcast have not been handed yet, at most. */
  eventsBehind(): number
  /** How many reads of queries went to a replica, or could not; null: there is none. */
  replicaReads(): Readonly<Record<string, number>> | null
  /** The mail queue as it was last seen; null: it was not seen yet. */
  mailQueue(): { due: number; later: number; oldestDueSeconds: number } | null
}

/** What the process measures of itself. */
export type Metrics = Measures & {
  /** Measures the answers of a server. */
  observe(app: FastifyInstance): void
  /** Serves the metrics at /metrics; `key`: to requests that bear it; null: to all. */
  serve(app: FastifyInstance, key: string | null): void
}

/**
 * What Node tells of the process. It is observed for as long as the process lives, so there is one registry of it, for
 * all gateways in the process: each of its own would never be given back.
 */
function ofProcess(): Registry {
  if (!nodeMetrics) {
    nodeMetrics = new Registry()
    collectDefaultMetrics({ register: nodeMetrics })
  }
  return nodeMetrics
}
let nodeMetrics: Registry | null = null

export function createMetrics({
  open,
  database,
  isListening,
  hints,
  feedAgeSeconds,
  eventsBehind,
  replicaReads,
  mailQueue,
}: MetricsOptions): Metrics {
  const registry = new Registry()
  ofProcess()
  new Gauge({
    name: 'gateway_open',
    help: 'WebSockets, live subscribers and watched workspaces of this process.',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      for (const [kind, count] of Object.entries(open())) this.set({ kind }, count)
    },
  })
  const seconds = heldHistogram({
    name: 'gateway_http_request_seconds',
    help: 'How long answers took, by route and status; event streams until they ended.',
    buckets,
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })
  measureDatabase(registry, database)
  measureFailures(registry, database)
  measureQueue(registry, mailQueue)
  new Gauge({
    name: 'gateway_listening',
    help: 'Whether hints of other processes arrive: 1 or 0. Without them live events wait for a poll. None with the embedded database.',
    labelNames: ['what'],
    registers: [registry],
    collect() {
      const state = isListening()
      if (state !== null) this.set({ what: 'hints' }, state ? 1 : 0)
    },
  })
  new Counter({
    name: 'gateway_hints_total',
    help: 'Hints to other processes that a workspace has changed, and hints from them. None with the embedded database.',
    labelNames: ['direction'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [direction, count] of Object.entries(hints() ?? {})) this.inc({ direction }, count)
    },
  })
  new Gauge({
    name: 'gateway_feed_age_seconds',
    help: 'For how long the log of a watched workspace has not been read, at most. It is read each second, and when a hint comes.',
    registers: [registry],
    collect() {
      this.set(feedAgeSeconds())
    },
  })
  new Gauge({
    name: 'gateway_events_behind',
    help: 'How many events of its log the live subscribers of a subscription have not been handed yet, at most. They come later when they cost more than the budget of their keys.',
    registers: [registry],
    collect() {
      this.set(eventsBehind())
    },
  })
  new Counter({
    name: 'gateway_replica_reads_total',
    help: 'Reads of queries by a read replica, and queries for which one was behind or away. None without replicas.',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [outcome, count] of Object.entries(replicaReads() ?? {})) this.inc({ outcome }, count)
    },
  })
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  new Gauge({
    name: 'gateway_build_info',
    help: 'Always 1, with the version of the gateway.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1)
  return {
    ...createMeasures(registry),
    observe(app) {
      onEnd(app, (request, reply) => {
        const route = request.routeOptions.url ?? 'none'
        const status = reply.statusCode
        seconds.observe({ method: request.method, route, status }, reply.elapsedTime / 1_000)
      })
    },
    serve(app, key) {
      app.get('/metrics', { schema: { hide: true } }, async ({ headers }, reply) => {
        if (key !== null && !bears(headers.authorization, key))
          throw refusal('UNAUTHENTICATED', 'Missing or invalid key for the metrics.')
        return reply
          .type(registry.contentType)
          .send(`${await registry.metrics()}\n${await ofProcess().metrics()}`)
      })
    },
  }
}

function measureDatabase(registry: Registry, database: MetricsOptions['database']): void {
  new Gauge({
    name: 'gateway_pool',
    help: 'Connections to the database by pool: how many there may be and are, how many are idle, and who waits for one.',
    labelNames: ['pool', 'state'],
    registers: [registry],
    collect() {
      const { pools, waitingForTurns } = database()
      for (const [pool, states] of Object.entries(pools))
        for (const [state, count] of Object.entries(states)) this.set({ pool, state }, count)
      this.set({ pool: 'requests', state: 'waiting' }, waitingForTurns)
    },
  })
  const waited = (name: string, help: string, of: 'count' | 'seconds') =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(database().waited[of])
      },
    })
  waited('gateway_pool_waits_total', 'How often a request has waited for a connection.', 'count')
  waited('gateway_pool_wait_seconds_total', 'For how long all together.', 'seconds')
  new Counter({
    name: 'gateway_database_unavailable_total',
    help: 'Statements and connections that failed because the database was not available, by the reason and the SQLSTATE, or the code of the system.',
    labelNames: ['reason', 'code'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { reason, code, count } of database().unavailable)
        this.inc({ reason, code: code ?? 'none' }, count)
    },
  })
}

function measureFailures(registry: Registry, database: MetricsOptions['database']): void {
  new Counter({
    name: 'gateway_database_errors_total',
    help: 'Statements that failed although the database was available, by the SQLSTATE.',
    labelNames: ['code'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [code, count] of Object.entries(database().failed)) this.inc({ code }, count)
    },
  })
}

function measureQueue(registry: Registry, mailQueue: MetricsOptions['mailQueue']): void {
  new Gauge({
    name: 'gateway_mail_queue',
    help: 'Messages of the whole database that wait for an attempt to deliver them: due, or later. At most 10,000 are counted.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const queue = mailQueue()
      // What is not known is not shown. The alert looks back beyond an outage of the database.
      this.reset()
      if (!queue) return
      this.set({ state: 'due' }, queue.due)
      this.set({ state: 'later' }, queue.later)
    },
  })
  new Gauge({
    name: 'gateway_mail_oldest_due_seconds',
    help: 'For how long the oldest of them has been due.',
    registers: [registry],
    collect() {
      const queue = mailQueue()
      if (queue) this.set(queue.oldestDueSeconds)
      else this.remove()
    },
  })
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Compared by hash, because `timingSafeEqual` needs equal lengths and must not tell that of the key. */
const bears = (header: string | undefined, key: string) =>
  timingSafeEqual(digest(header ?? ''), digest(`Bearer ${key}`))
