import type { FastifyInstance } from 'fastify'
import { type Refusal, refusalWith } from '../domain/errors.ts'
import type { Quota } from '../runtime/quota.ts'
import { untilClosed } from './until-closed.ts'

/** The bytes of requests that each key has open. */
export type OpenRequests = Pick<Quota, 'take' | 'max'>

/**
 * Counts the body of each request among those of its key, from before it is read until its response has closed. So a key
 * cannot fill the memory with bodies that drip or that wait. Register it after authentication.
 */
export function countBodies(app: FastifyInstance, open: OpenRequests, maxBodyBytes: number): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
    const bytes = Number(length ?? (encoding === undefined ? 0 : maxBodyBytes))
    // A longer body is refused before it is read.
    if (!request.actor || bytes === 0 || bytes > maxBodyBytes) return done()
    const release = open.take(request.actor.keyId, bytes)
    if (!release) return done(tooManyRequestBytes(open))
    untilClosed(reply, release)
    done()
  })
}

/** The refusal of a key whose requests are too large together. */
export const tooManyRequestBytes = ({ max }: OpenRequests): Refusal =>
  refusalWith(
    { retryAfter: 1 },
    'RATE_LIMITED',
    `The open requests of a key may have ${max} bytes. Try again when some of them have ended.`,
  )
