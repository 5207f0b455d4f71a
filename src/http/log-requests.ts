import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import { writesEachRequest } from '../runtime/log.ts'

/** What is asked for all the time, and says nothing when it works. */
const quietRoutes = /^\/(health\/|metrics$|assets\/|icon\.svg$)/

/**
 * Writes one line for each request when its response has ended: the route and not the path, as a path holds ids and a
 * query holds texts. An event stream has its line at its end.
 */
export function logRequests(app: FastifyInstance, log: FastifyBaseLogger): void {
  if (!writesEachRequest(log)) return
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? null
    if (route !== null && quietRoutes.test(route) && reply.statusCode < 400) return
    log.info(
      {
        requestId: request.id,
        keyId: request.actor?.keyId ?? null,
        workspaceId: request.actor?.workspaceId ?? null,
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        ...(leftEarly(request, reply.raw.writableFinished) && { leftEarly: true }),
      },
      'request',
    )
  })
}

/** Whether the client has left before it had the whole response. */
const leftEarly = ({ raw }: FastifyRequest, isFinished: boolean) => !isFinished && raw.destroyed
