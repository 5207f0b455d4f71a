import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { limitPerAddress } from './address-limit.ts'
import type { ClientAddresses } from './client-address.ts'
import { endInStages } from './end-in-stages.ts'
import { hasUnreadBody } from './request-body.ts'
import { watchStalledAnswers } from './stalled-answers.ts'

/** How many connections a server has, and how long they may take. Times are in milliseconds. */
export type ConnectionLimits = {
  /** Further connections are closed at once. */
  maxConnections: number
  /** The same for each remote address. */
  maxConnectionsPerAddress: number
  /** From the first byte of a connection or a request to the end of its headers. */
  headersTimeoutMs: number
  /** For a request with its body. */
  requestTimeoutMs: number
  /** The same for a mail, which may be large. */
  mailRequestTimeoutMs: number
  /** How long none of an answer's waiting bytes may leave. */
  stalledAnswerTimeoutMs: number
}

/** The connections of one HTTP server. An upgraded socket only counts for the limits. */
export type Connections = {
  /** Makes the server, which calls this listener with each request. */
  createServer(listener: RequestListener): Server
  /** Whether a part of an answer has been written to this socket, and not yet all of it. */
  isAnswering(socket: Socket): boolean
  /**
   * Closes sockets that have not sent a request yet after a moment, and the others when their answer has left. Node's own
   * `closeIdleConnections`, which closing the server calls, spares these.
   */
  closeIdle(): void
}

const keepAliveTimeout = 72_000
/** A request may be on its way over a socket that was opened just now. If the socket were reset, nobody would repeat it. */
const closeIdleAfterMs = 500
/** How often Node looks for headers and bodies that take too long. */
const connectionsCheckingInterval = 1_000

export function createConnections(limits: ConnectionLimits, clientAddresses: ClientAddresses): Connections {
  const idle = new Set<Socket>()
  const busy = new Map<Socket, ServerResponse>()
  /** Sockets that end after the answer that they are waiting for. */
  const ending = new WeakSet<Socket>()
  let isClosing = false

  function begin(socket: Socket, response: ServerResponse): void {
    idle.delete(socket)
    busy.set(socket, response)
  }

  function ended(socket: Socket, isBodyUnread: boolean): void {
    if (!busy.delete(socket) || socket.destroyed) return
    if (isClosing || isBodyUnread || ending.has(socket)) socket.destroySoon()
    else idle.add(socket)
  }

  return {
    createServer(listener) {
      const requestTimeout = Math.max(limits.requestTimeoutMs, limits.mailRequestTimeoutMs)
      const server = createServer({
        headersTimeout: Math.min(limits.headersTimeoutMs, requestTimeout),
        requestTimeout,
        keepAliveTimeout,
        connectionsCheckingInterval,
      })
      server.maxConnections = limits.maxConnections
      limitPerAddress(server, limits.maxConnectionsPerAddress, clientAddresses)
      watchStalledAnswers(server, limits.stalledAnswerTimeoutMs, () => busy.keys())
      server.on('connection', (socket: Socket) => {
        idle.add(socket)
        socket.once('close', () => {
          idle.delete(socket)
          busy.delete(socket)
        })
      })
      server.on('request', (request, response) => {
        const { socket } = request
        const answering = busy.get(socket)
        if (answering) {
          ending.add(socket)
          return endAfter(socket, answering)
        }
        begin(socket, response)
        // The rest of the body would be read as long as the client likes to send it.
        response.once('prefinish', () => {
          if (hasUnreadBody(request)) endInStages(socket)
        })
        response.once('close', () => ended(socket, hasUnreadBody(request)))
        listener(request, response)
      })
      server.on('upgrade', ({ socket }) => {
        idle.delete(socket)
        // From here on the socket belongs to the WebSocket server, unless an answer is still being written to it.
        if (busy.has(socket)) socket.destroy()
      })
      return server
    },
    isAnswering: socket => busy.get(socket)?.headersSent ?? false,
    closeIdle() {
      isClosing = true
      setTimeout(() => {
        for (const socket of idle) socket.destroy()
      }, closeIdleAfterMs)
    },
  }
}

/**
 * Refuses a request that came before the answer to the one ahead of it. No common client sends such requests, and a
 * flood of them would be executed at once.
 */
function endAfter(socket: Socket, answering: ServerResponse): void {
  if (!answering.headersSent) answering.setHeader('Connection', 'close')
  socket.pause()
}
