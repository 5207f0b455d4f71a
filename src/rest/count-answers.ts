import type { FastifyInstance } from 'fastify'
import { isRead } from '../http/is-read.ts'
import { untilClosed } from '../http/until-closed.ts'

/** What each key has unsent. Both return a function that stops counting. */
export type UnsentAnswers = {
  /** Counts an answer. @throws Refusal LIMIT_EXCEEDED, RATE_LIMITED if it is too large, or the key has too much unsent */
  take(keyId: string, bytes: number): () => void
  /** Counts an answer that must not be refused. */
  hold(keyId: string, bytes: number): () => void
}

/**
 * Counts each answer as it leaves, until its client has it. A read may be refused here. What was changed is told, and
 * errors are small.
 */
export function countAnswers(app: FastifyInstance, unsent: UnsentAnswers): void {
  app.addHook('onSend', (request, reply, body, done) => {
    const { actor } = request
    if (!actor || typeof body !== 'string') return done()
    const count = isRead(request) && reply.statusCode < 400 ? unsent.take : unsent.hold
    untilClosed(reply, count(actor.keyId, Buffer.byteLength(body)))
    done()
  })
}
