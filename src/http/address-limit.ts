import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { createQuota } from '../runtime/quota.ts'
import type { ClientAddresses } from './client-address.ts'

/** Closes each connection beyond `max` of one client's address at once. Those of trusted proxies are not counted. */
export function limitPerAddress(server: Server, max: number, clientAddresses: ClientAddresses): void {
  const open = createQuota(max)
  server.on('connection', (socket: Socket) => {
    const address = clientAddresses.ofPeer(socket.remoteAddress ?? '')
    if (address === null) return
    const release = open.take(address, 1)
    if (release) socket.once('close', release)
    else socket.destroy()
  })
}
