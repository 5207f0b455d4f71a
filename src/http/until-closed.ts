import type { FastifyReply } from 'fastify'

/** Calls `release` when the response has closed, at once if its client has left already. */
export function untilClosed({ raw }: FastifyReply, release: () => void): void {
  if (raw.destroyed) release()
  else raw.once('close', release)
}
