import type { FastifyReply } from 'fastify'
import { refusal } from '../domain/errors.ts'

/** The reason of every signal that aborts because a client has left. Nobody reads it. */
export const clientLeft = () => refusal('UNAVAILABLE', 'The client has left.')

/** A signal that aborts when a client leaves before it has its whole response. */
export function clientGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort(clientLeft())
  })
  return gone.signal
}
