import type { FastifyInstance } from 'fastify'
import type { Db } from '../db/db.ts'
import { whyUnreachable } from '../db/reachable.ts'
import { shareNext } from '../runtime/share-next.ts'

export type ProbeOptions = {
  db: Db
  /** Whether the process has been told to stop. */
  isClosing(): boolean
}

/** Health for operators. It needs no credential, and tells nothing of the inbox: only why the gateway is not ready. */
export function probes(app: FastifyInstance, { db, isClosing }: ProbeOptions): void {
  const whyNot = shareNext(() => whyUnreachable(db))
  app.get('/health/live', { schema: { hide: true } }, async () => ({ status: 'ok' }))
  app.get('/health/ready', { schema: { hide: true } }, async (_request, reply) => {
    const reason = isClosing() ? 'CLOSING' : await whyNot()
    if (reason === null) return { status: 'ok' }
    return reply.code(503).send({ status: 'unavailable', reason })
  })
}
