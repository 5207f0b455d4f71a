import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Actor } from '../domain/operation.ts'
import type { ClientAddresses } from './client-address.ts'

/** How requests show who they are from. */
export type Access = {
  /** @throws Refusal UNAUTHENTICATED, RATE_LIMITED */
  authenticate(header: unknown, address: string): Promise<Actor>
  clientAddresses: ClientAddresses
}

/** A body may take half a minute, and a mail two. A key that ends meanwhile reads nothing more. */
const againAfterMs = 1_000

/**
 * Finds the actor of each request at its headers, and again when its body has come much later.
 * @param isOpen whether a request needs no key
 */
export function authenticateRequests(
  app: FastifyInstance,
  { authenticate, clientAddresses }: Access,
  isOpen: (request: FastifyRequest) => boolean = () => false,
): void {
  const actorOf = (request: FastifyRequest) =>
    authenticate(request.headers.authorization, clientAddresses.of(request.raw))
  app.addHook('onRequest', async request => {
    if (!isOpen(request)) request.actor = await actorOf(request)
  })
  app.addHook('preValidation', (request, reply, done) => {
    if (!request.actor || reply.elapsedTime <= againAfterMs) return done()
    actorOf(request).then(actor => {
      request.actor = actor
      done()
    }, done)
  })
}
