import type { FastifyBaseLogger } from 'fastify'
import { WebSocket } from 'ws'
import { explain } from '../../../domain/errors.ts'
import type { Actor } from '../../../domain/operation.ts'
import type { Quota } from '../../../runtime/quota.ts'
import type { ClientSocket } from './socket.ts'

export type SocketAuthentication = {
  log: FastifyBaseLogger
  authenticate(header: unknown, address: string): Promise<Actor>
  /** Called with each authenticated socket. `end` closes it. Returns a function that stops watching. */
  onSocket(actor: Actor, end: () => void): () => void
  /** The open sockets of each key. Further ones are closed with 1013. */
  ofKey: Quota
}

/**
 * Authenticates a socket by its credential. If that fails, it closes the socket with the code for its client, and
 * returns false.
 */
export async function authenticateSocket(
  { log, authenticate, onSocket, ofKey }: SocketAuthentication,
  socket: ClientSocket,
  authorization: unknown,
): Promise<boolean> {
  try {
    const actor = await authenticate(authorization, socket.address)
    const release = ofKey.take(actor.keyId, 1)
    if (!release) return close(socket, 1013, 'Too many sockets')
    socket.actor = actor
    const unwatch = onSocket(actor, () => socket.ws.close(4403, 'Forbidden'))
    const closed = () => {
      release()
      unwatch()
    }
    if (socket.ws.readyState === WebSocket.OPEN) socket.ws.once('close', closed)
    else closed()
    return true
  } catch (error) {
    const code = explain(error)?.code
    if (code === 'UNAUTHENTICATED') return close(socket, 4401, 'Unauthorized')
    if (code === 'RATE_LIMITED') return close(socket, 4429, 'Too many requests')
    // Clients give up after 4401 and reconnect after 1013. While the database is unavailable the key may be valid; that it
    // is unavailable is logged once a second for each reason, not for each socket that comes again.
    if (code !== 'UNAVAILABLE') log.error({ err: error }, 'could not authenticate a socket')
    return close(socket, 1013, 'Try again later')
  }
}

function close({ ws }: ClientSocket, code: number, reason: string): false {
  ws.close(code, reason)
  return false
}
