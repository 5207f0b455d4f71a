import type { Socket } from 'node:net'

/** How long a client may go on sending after it has been answered for the last time. */
const lingerMs = 1_000

/**
 * Makes `destroySoon`, which Node calls after the last answer, end a socket in stages: first what we send, then,
 * after a second at most, what the client sends. To close both at once while the client is still sending would reset
 * the connection, and the client might never read its answer (RFC 9112, 9.6).
 */
export function endInStages(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end()
    const timer = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => clearTimeout(timer))
  }
}
