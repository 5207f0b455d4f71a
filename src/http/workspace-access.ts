import type { FastifyInstance } from 'fastify'
import { notFound } from '../domain/errors.ts'
import { actorOf } from './actor.ts'
import { type Access, authenticateRequests } from './authenticate-requests.ts'

/**
 * For routes with a workspace in their path: authenticates each request, and responds with 404 for any workspace but
 * the key's. A path without a route has no workspace. It is authenticated too, so that it responds alike.
 */
export function requireWorkspace(app: FastifyInstance, access: Access): void {
  authenticateRequests(app, access)
  app.addHook('onRequest', (request, _reply, done) => {
    const { workspaceId } = request.params as { workspaceId?: string }
    const isForeign = workspaceId !== undefined && workspaceId !== actorOf(request).workspaceId
    done(isForeign ? notFound('workspace') : undefined)
  })
}
