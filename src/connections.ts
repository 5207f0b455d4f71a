import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Knows which connections of a server have a request to answer. Answers how to let go of the rest: those without one at
 * once, the others when their answer has left. Node's own `closeIdleConnections` spares connections that have not asked
 * anything yet, and those that become idle later.
 */
export function watchConnections(server: Server): () => void {
  const idle = new Set<Socket>()
  const busy = new Set<Socket>()
  let closing = false

  server.on('connection', (socket: Socket) => {
    idle.add(socket)
    socket.once('close', () => {
      idle.delete(socket)
      busy.delete(socket)
    })
  })
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    idle.delete(socket)
    busy.add(socket)
    response.once('close', () => {
      if (!busy.delete(socket) || socket.destroyed) return
      if (closing) socket.destroySoon()
      else idle.add(socket)
    })
  })
  // From here on the connection belongs to the WebSocket door.
  server.on('upgrade', ({ socket }: IncomingMessage) => idle.delete(socket as Socket))

  return () => {
    closing = true
    for (const socket of idle) socket.destroy()
  }
}
