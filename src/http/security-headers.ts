import type { FastifyInstance } from 'fastify'
import helmet from 'helmet'

/** What nothing of an API's answer may do in a browser: be run, framed, or named to others. */
export const bareHeaders = {
  'Content-Security-Policy': "default-src 'none';frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
}

/**
 * Sets the security headers of every response, and keeps it out of caches. A route that sends a page sets a policy and
 * a Cache-Control of its own, and what a GET returns may be kept by its own client (`revision-tag.ts`). There is no Strict-Transport-Security, because TLS ends in front of the gateway.
 */
export function setSecurityHeaders(app: FastifyInstance): void {
  // Built once. Fastify's plugin for it builds it for each request.
  const setHeaders = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: false,
  })
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('Cache-Control', 'no-store')
    setHeaders(request.raw, reply.raw, error => done(error as Error | undefined))
  })
}
