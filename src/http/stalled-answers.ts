import type { Server } from 'node:http'
import type { Socket } from 'node:net'

const checkEveryMs = 1_000

/** How far the bytes of a socket have come. It changes whenever one leaves, and only then. */
type Progress = { sentBytes: number; queuedBytes: number; since: number }

/**
 * Destroys those sockets of which no waiting byte has left for `afterMs`. Node's own timeout of sockets also starts
 * anew with each byte that the client sends.
 */
export function watchStalledAnswers(server: Server, afterMs: number, sockets: () => Iterable<Socket>): void {
  const stalled = new WeakMap<Socket, Progress>()

  function check(socket: Socket, now: number): void {
    if (socket.writableLength === 0) return void stalled.delete(socket)
    const sentBytes = socket.bytesWritten - socket.writableLength
    const queuedBytes = queueOf(socket)
    const last = stalled.get(socket)
    if (last?.sentBytes !== sentBytes || last.queuedBytes !== queuedBytes)
      stalled.set(socket, { sentBytes, queuedBytes, since: now })
    else if (now - last.since >= afterMs) socket.destroy()
  }

  const checking = setInterval(
    () => {
      const now = performance.now()
      for (const socket of sockets()) check(socket, now)
    },
    Math.min(checkEveryMs, afterMs),
  ).unref()
  server.once('close', () => clearInterval(checking))
}

type Handle = { writeQueueSize?: number } | null

/** How much of the chunk that is being written the kernel has not taken; only the handle of a socket knows. */
export const queueOf = (socket: Socket): number =>
  (socket as Socket & { _handle?: Handle })._handle?.writeQueueSize ?? 0
