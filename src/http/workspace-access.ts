import type { FastifyInstance } from 'fastify'
import { notFound } from '../domain/errors.ts'
import type { Actor } from '../domain/operation.ts'
import type { ClientAddresses } from './client-address.ts'

/** How requests show who they are from. */
export type Access = {
  /** @throws Refusal UNAUTHENTICATED, RATE_LIMITED */
  authenticate(header: unknown, address: string): Promise<Actor>
  clientAddresses: ClientAddresses
}

/**
 * For routes with a workspace in their path: authenticates each request, and responds with 404 for any workspace but
 * the key's. A path without a route has no workspace. It is authenticated too, so that it responds alike.
 */
export function requireWorkspace(app: FastifyInstance, { authenticate, clientAddresses }: Access): void {
  app.addHook('onRequest', async request => {
    request.actor = await authenticate(request.headers.authorization, clientAddresses.of(request.raw))
    const { workspaceId } = request.params as { workspaceId?: string }
    if (workspaceId !== undefined && workspaceId !== request.actor.workspaceId) throw notFound('workspace')
  })
}
