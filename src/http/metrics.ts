import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { refusal } from '../domain/errors.ts'
import { onEnd } from './log-requests.ts'

export type MetricsOptions = {
  /** What is open right now, by name. */
  open(): { sockets: number; subscribers: number; feeds: number }
}

/** What the process measures of itself. */
export type Metrics = {
  /** Measures an operation of the graph: its kind, its outcome, and how long it took. */
  operation(measured: { kind: string; outcome: string; seconds: number }): void
  /** Measures the answers of a server. */
  observe(app: FastifyInstance): void
  /** Serves the metrics at /metrics; `key`: to requests that bear it; null: to all. */
  serve(app: FastifyInstance, key: string | null): void
}

export function createMetrics({ open }: MetricsOptions): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'gateway_open',
    help: 'WebSockets, live subscribers and watched workspaces of this process.',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      for (const [kind, count] of Object.entries(open())) this.set({ kind }, count)
    },
  })
  const seconds = new Histogram({
    name: 'gateway_http_request_seconds',
    help: 'How long answers took, by route and status; event streams until they ended.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })
  const operations = new Histogram({
    name: 'gateway_operation_seconds',
    help: 'How long operations of the graph took, by kind and outcome: ok, opened for a subscription, or an error code.',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  })
  return {
    operation: ({ kind, outcome, seconds: took }) => operations.observe({ kind, outcome }, took),
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
        return reply.type(registry.contentType).send(await registry.metrics())
      })
    },
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Compared by hash, because `timingSafeEqual` needs equal lengths and must not tell that of the key. */
const bears = (header: string | undefined, key: string) =>
  timingSafeEqual(digest(header ?? ''), digest(`Bearer ${key}`))
