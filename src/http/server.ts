import { randomUUID } from 'node:crypto'
import { type IncomingMessage, maxHeaderSize } from 'node:http'
import cors from '@fastify/cors'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { type Refusal, refusal } from '../domain/errors.ts'
import { jsonBody } from './body-error.ts'
import type { ClientAddresses } from './client-address.ts'
import { type ConnectionLimits, createConnections } from './connections.ts'
import { sendBadPath, sendErrors, sendMalformed, sendNotFound } from './errors.ts'
import { readJsonBodies } from './json-body.ts'
import { hasUnreadBody } from './request-body.ts'
import { limitBodyTime } from './request-timeout.ts'
import { setSecurityHeaders } from './security-headers.ts'

export type ServerOptions = {
  corsOrigins: string[]
  connections: ConnectionLimits
  clientAddresses: ClientAddresses
  limits: { maxBodyBytes: number; maxJsonValues: number }
}

/**
 * An HTTP server without routes. Every error has the documented form, and every response has its request's id.
 * `closeIdle` closes its connections, each when nothing is left to be answered.
 */
export async function createServer(
  log: FastifyBaseLogger,
  {
    corsOrigins,
    connections: ofConnections,
    clientAddresses,
    limits: { maxBodyBytes, maxJsonValues },
  }: ServerOptions,
): Promise<{ fastify: FastifyInstance; closeIdle(): void }> {
  const connections = createConnections(ofConnections, clientAddresses)
  const fastify = Fastify({
    serverFactory: connections.createServer,
    // What still comes over a connection that is open is answered.
    return503OnClosing: false,
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: maxBodyBytes,
    genReqId: () => randomUUID(),
    // No id can be longer than the headers, so the router never refuses one for its length.
    routerOptions: { maxParamLength: maxHeaderSize },
    frameworkErrors: sendBadPath,
    // An error page in the middle of an answer would be read as a part of it.
    clientErrorHandler: (error, socket) =>
      connections.isAnswering(socket) ? void socket.destroy() : sendMalformed(error, socket),
  })
  fastify.removeContentTypeParser('text/plain')
  readJsonBodies(fastify, maxJsonValues)
  fastify.decorateRequest('actor', null)
  fastify.setErrorHandler(sendErrors(jsonBody(maxBodyBytes)))
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('X-Request-Id', request.id)
    done()
  })
  setSecurityHeaders(fastify)
  fastify.addHook('onRequest', ({ raw }, _reply, done) => done(wrongHost(raw)))
  limitBodyTime(fastify, ofConnections.requestTimeoutMs)
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    if (hasUnreadBody(request.raw)) reply.header('Connection', 'close')
    done()
  })
  if (corsOrigins.length > 0)
    await fastify.register(cors, {
      origin: corsOrigins,
      methods: ['GET', 'HEAD', 'POST', 'PUT'],
      exposedHeaders: [
        'Link',
        'ETag',
        'Idempotency-Replayed',
        'X-Request-Id',
        'RateLimit',
        'RateLimit-Policy',
        'Retry-After',
      ],
    })
  await fastify.register(refuseUnknownPaths)
  return { fastify, closeIdle: connections.closeIdle }
}

/** None, or a host that needs no parsing: its last label is no number, and none is Punycode. */
const commonHost = /^$|^(?!.*xn--)([a-z\d-]+\.)*[a-z][a-z\d-]*(:\d{1,4})?$/i

function wrongHost({ headersDistinct }: IncomingMessage): Refusal | undefined {
  const [host = '', second] = headersDistinct.host ?? []
  // RFC 9112, 3.2. Node reads the first one, and a proxy in front may have read another.
  if (second !== undefined) return refusal('INVALID_INPUT', 'A request has one Host header.')
  if (commonHost.test(host)) return undefined
  const isWrong = /[/?#@\\]/.test(host) || !URL.canParse(`http://${host}`)
  return isWrong ? refusal('INVALID_INPUT', 'The Host header is not valid.') : undefined
}

/** Whoever asks for a path without a route has shown no key, so the body is not read. */
async function refuseUnknownPaths(app: FastifyInstance): Promise<void> {
  app.addHook('onRequest', async (request, reply) => sendNotFound(request, reply))
  app.setNotFoundHandler(sendNotFound)
}
