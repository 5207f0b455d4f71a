import type { FastifyInstance } from 'fastify'
import { refusal } from '../domain/errors.ts'
import { requireScope } from '../domain/operation.ts'
import { actorOf } from '../http/actor.ts'
import { type Access, authenticateRequests } from '../http/authenticate-requests.ts'
import { demoWorkspaceId } from './documented.ts'
import type { Traffic } from './traffic.ts'

/** Where the page of the demo sees whether there is traffic, and stops it. */
export const trafficAddress = '/demo/traffic'

/** `GET` tells whether the demo's traffic is running, `PUT` with `{"isRunning": false}` stops it. Both need a key of the demo. */
export async function trafficRoute(
  app: FastifyInstance,
  { traffic, ...access }: Access & { traffic: Traffic },
): Promise<void> {
  authenticateRequests(app, access)
  app.addHook('onRequest', async request => {
    if (actorOf(request).workspaceId !== demoWorkspaceId)
      throw refusal('FORBIDDEN', 'This key is not of the demo.')
  })
  app.get(trafficAddress, { schema: { hide: true } }, async () => ({ isRunning: traffic.isRunning() }))
  app.put<{ Body: { isRunning: boolean } }>(
    trafficAddress,
    { schema: { hide: true, body: wish } },
    async request => {
      requireScope(actorOf(request), 'write')
      traffic.setRunning(request.body.isRunning)
      return { isRunning: traffic.isRunning() }
    },
  )
}

const wish = { type: 'object', properties: { isRunning: { type: 'boolean' } }, required: ['isRunning'] }
