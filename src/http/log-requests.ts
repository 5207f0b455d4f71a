import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { writesEachRequest } from '../runtime/log.ts'

/** Whether a route is asked for all the time, and says nothing when it works. */
export const isQuiet = (route: string): boolean =>
  /^\/(health\/|metrics$|assets\/|graphiql\/|icon\.svg$)/.test(route)

/**
 * Writes one line for each request when its response has ended: the route and not the path, as a path holds ids and a
 * query holds texts. An event stream has its line at its end. `unfinished`: the response did not leave whole, because its
 * client has left, or the gateway has cut it.
 */
export function logRequests(app: FastifyInstance, log: FastifyBaseLogger): void {
  if (!writesEachRequest(log)) return
  onEnd(app, (request, reply) => {
    const route = request.routeOptions.url ?? null
    if (route !== null && isQuiet(route) && reply.statusCode < 400) return
    log.info(
      {
        requestId: request.id,
        keyId: request.actor?.keyId ?? null,
        workspaceId: request.actor?.workspaceId ?? null,
        traceparent: request.trace?.traceparent,
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        ...(!reply.raw.writableFinished && { unfinished: true }),
      },
      'request',
    )
  })
}

/** Calls back when a response has ended, in whichever way. Fastify's own hook leaves out what was broken off. */
export function onEnd(
  app: FastifyInstance,
  ended: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  app.addHook('onResponse', (request, reply, done) => {
    ended(request, reply)
    done()
  })
  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = reply
    raw.once('close', () => {
      if (!raw.writableFinished && !raw.errored) ended(request, reply)
    })
    done()
  })
}
