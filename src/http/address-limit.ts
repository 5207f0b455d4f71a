import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { createQuota } from '../runtime/quota.ts'

/** Closes each connection beyond `max` of one remote address at once. */
export function limitPerAddress(server: Server, max: number): void {
  const open = createQuota(max)
  server.on('connection', (socket: Socket) => {
    const release = open.take(socket.remoteAddress ?? '', 1)
    if (release) socket.once('close', release)
    else socket.destroy()
  })
}
