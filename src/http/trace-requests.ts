import type { FastifyInstance } from 'fastify'
import type { Trace, Traces } from '../runtime/traces.ts'
import { isQuiet } from './log-requests.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the request is in a trace; null: it is not traced. */
    trace: Trace | null
  }
}

/** Measures each request as a span, in the trace of its caller. The route is told and not the path, as in the log. */
export function traceRequests(app: FastifyInstance, traces: Traces): void {
  app.decorateRequest('trace', null)
  app.addHook('onRequest', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    const trace = isQuiet(route) ? null : traces.of(request.headers)
    if (!trace) return done()
    const { method, id } = request
    const span = trace.begin(
      `${method} ${route}`,
      { 'http.request.method': method, 'http.route': route, 'gateway.request.id': id },
      'server',
    )
    request.trace = span
    if (!trace.isMeasured) return done()
    reply.raw.once('close', () => {
      // A response that was broken off has no status: its client has left, or the gateway has cut it.
      const statusCode = reply.raw.writableFinished ? reply.statusCode : null
      const attributes = {
        'http.response.status_code': statusCode,
        'gateway.key.id': request.actor?.keyId ?? null,
        'gateway.workspace.id': request.actor?.workspaceId ?? null,
      }
      span.end(attributes, statusCode !== null && statusCode >= 500)
    })
    done()
  })
}
