import type { FastifyInstance } from 'fastify'
import type { Db } from '../db/db.ts'
import { isReachable } from '../db/reachable.ts'
import { shareNext } from '../runtime/share-next.ts'

export type ProbeOptions = {
  db: Db
  /** Whether the process has been told to stop. */
  isClosing(): boolean
}

/** Health for operators. It needs no credential and tells nothing of the inbox. */
export function probes(app: FastifyInstance, { db, isClosing }: ProbeOptions): void {
  const isReady = shareNext(() => isReachable(db))
  app.get('/health/live', { schema: { hide: true } }, async () => ({ status: 'ok' }))
  app.get('/health/ready', { schema: { hide: true } }, async (_request, reply) => {
    const ready = !isClosing() && (await isReady())
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'unavailable' })
  })
}
