import type { FastifyInstance } from 'fastify'
import type { Actor } from '../domain/operation.ts'
import type { BudgetState } from '../runtime/budget.ts'

/**
 * Tells each caller what is left of its key's budget, in the headers `RateLimit-Policy` and `RateLimit`
 * (draft-ietf-httpapi-ratelimit-headers). The unit is the cost of an operation.
 */
export function tellRateLimit(
  app: FastifyInstance,
  { windowSeconds, stateOf }: { windowSeconds: number; stateOf(actor: Actor): BudgetState },
): void {
  app.addHook('onSend', ({ actor }, reply, _payload, done) => {
    if (!actor) return done()
    const { limit, remaining, resetSeconds } = stateOf(actor)
    reply.header('RateLimit-Policy', `"cost";q=${limit};w=${windowSeconds}`)
    reply.header('RateLimit', `"cost";r=${remaining};t=${resetSeconds}`)
    done()
  })
}
