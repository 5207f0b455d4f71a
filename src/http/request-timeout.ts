import type { FastifyInstance } from 'fastify'
import { sendMalformed } from './errors.ts'
import { hasUnreadBody } from './request-body.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route's bodies are mails, which may take longer to arrive. */
    takesMail?: boolean
  }
}

/**
 * Refuses a body that has not arrived after this time with 408, on every route but those that take mail: Node's own
 * `requestTimeout` is one for the whole server, and set for them.
 */
export function limitBodyTime(app: FastifyInstance, requestTimeoutMs: number): void {
  app.addHook('onRequest', ({ raw, routeOptions }, reply, done) => {
    if (routeOptions.config.takesMail || !hasUnreadBody(raw)) return done()
    const timer = setTimeout(() => {
      if (hasUnreadBody(raw)) sendMalformed({ code: 'ERR_HTTP_REQUEST_TIMEOUT' }, raw.socket)
    }, requestTimeoutMs)
    reply.raw.once('close', () => clearTimeout(timer))
    done()
  })
}
