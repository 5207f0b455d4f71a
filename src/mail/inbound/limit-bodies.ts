import type { FastifyInstance, FastifyRequest } from 'fastify'
import { refusal } from '../../domain/errors.ts'
import { actorOf } from '../../http/actor.ts'
import { createQuota, takeAll } from '../../runtime/quota.ts'

/** What a request holds of the budget. */
type Held = { release(): void; isInHandler: boolean }

const retryAfterSeconds = 5

/**
 * Bounds the bytes of bodies that are read or held at once: eight of the largest size, and three for one workspace. A
 * request beyond that is refused with UNAVAILABLE, and its body is not read. Register it after authentication.
 *
 * @returns runs the handler of a request, and gives its bytes back when it ends
 */
export function limitBodies(app: FastifyInstance, maxBytes: number) {
  const all = createQuota(8 * maxBytes)
  const ofWorkspace = createQuota(3 * maxBytes)
  const held = new WeakMap<FastifyRequest, Held>()

  app.addHook('onRequest', async (request, reply) => {
    const bytes = bytesOf(request, maxBytes)
    const { workspaceId } = actorOf(request)
    const release = takeAll(
      () => ofWorkspace.take(workspaceId, bytes),
      () => all.take('', bytes),
    )
    if (release === null) {
      reply.header('Retry-After', retryAfterSeconds).header('Connection', 'close')
      throw refusal('UNAVAILABLE', 'Too many mails are being taken in. Try again in a few seconds.')
    }
    const own: Held = { release, isInHandler: false }
    held.set(request, own)
    // A mail that is being parsed is held until then, also if its client has gone.
    reply.raw.once('close', () => {
      if (!own.isInHandler) release()
    })
  })
  // A request that breaks off or is refused never reaches the handler. Behind another one on its connection its
  // response may never be closed.
  app.addHook('onError', async request => {
    const own = held.get(request)
    if (!own?.isInHandler) own?.release()
  })

  return async <Result>(request: FastifyRequest, handle: () => Promise<Result>): Promise<Result> => {
    const own = held.get(request)
    if (own) own.isInHandler = true
    try {
      return await handle()
    } finally {
      own?.release()
    }
  }
}

/** A longer body than the limit is refused before it is read, and holds nothing. */
function bytesOf({ headers }: FastifyRequest, maxBytes: number): number {
  const length = Number(headers['content-length'] ?? maxBytes)
  return length <= maxBytes ? length : 0
}
