import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { createTally } from '../runtime/tally.ts'

/** Closes each connection beyond `max` of one remote address at once. */
export function limitPerAddress(server: Server, max: number): void {
  const open = createTally(max)
  server.on('connection', (socket: Socket) => {
    const release = open.take(socket.remoteAddress ?? '')
    if (release) socket.once('close', release)
    else socket.destroy()
  })
}
