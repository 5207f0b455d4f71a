import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Reader } from './db/db.ts'

export type ProbeOptions = {
  db: Reader
  /** Whether the process has been told to stop. */
  closing(): boolean
  /** What is open right now, by name, for the metrics. */
  open(): { sockets: number; subscribers: number; feeds: number }
}

/** Health and metrics, for whoever keeps the process running; they need no credential and tell nothing of the inbox. */
export function probes(app: FastifyInstance, { db, closing, open }: ProbeOptions): void {
  app.get('/health/live', { schema: { hide: true } }, async () => ({ status: 'ok' }))
  app.get('/health/ready', { schema: { hide: true } }, async (_request, reply) => {
    const ready = !closing() && (await reaches(db))
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'unavailable' })
  })

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
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1_000)
  })
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  )
}

async function reaches(db: Reader): Promise<boolean> {
  return db
    .selectFrom('workspace')
    .select('id')
    .limit(1)
    .execute()
    .then(
      () => true,
      () => false,
    )
}
