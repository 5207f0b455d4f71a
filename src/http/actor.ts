import type { FastifyRequest } from 'fastify'
import type { Actor } from '../domain/operation.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller; null before authentication, and on pages that need none. */
    actor: Actor | null
  }
}

/** The caller, on a route whose requests are authenticated. @throws Error on any other route */
export function actorOf({ actor }: FastifyRequest): Actor {
  if (!actor) throw new Error('This route does not authenticate its requests.')
  return actor
}
