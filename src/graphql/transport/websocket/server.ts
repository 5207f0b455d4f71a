import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { CloseCode, handleProtocols } from 'graphql-ws'
import { WebSocket, WebSocketServer } from 'ws'
import type { Access } from '../../../http/authenticate-requests.ts'
import { endInStages } from '../../../http/end-in-stages.ts'
import { createIterations } from '../../../runtime/iterations.ts'
import { createQuota, type Quota } from '../../../runtime/quota.ts'
import { repeat } from '../../../runtime/repeat.ts'
import { authenticateSocket, type SocketAuthentication } from './authenticate-socket.ts'
import { isUnexpectedMessage, unexpectedMessage, watchIncoming } from './incoming.ts'
import { createMessageTurns } from './message-turns.ts'
import { countPartialMessages } from './partial-messages.ts'
import { createProtocol, type ProtocolOptions } from './protocol.ts'
import { type ClientSocket, createClientSocket } from './socket.ts'

export type WebSocketOptions = Pick<
  ProtocolOptions,
  'graph' | 'log' | 'open' | 'traces' | 'maxOperationsPerSocket' | 'connectionInitTimeoutMs'
> &
  Pick<SocketAuthentication, 'authenticate' | 'onSocket'> &
  Pick<Access, 'clientAddresses'> & {
    /** Further sockets of the same key are closed with 1013. */
    maxSocketsPerKey: number
    maxMessagesPerSecond: number
    /** Called with the code of each socket that has closed. */
    onClose(code: number): void
    maxJsonValues: number
    maxSocketsPerAddress: number
    maxBodyBytes: number
    /** What each key has unsent. */
    unsent: Quota
  }

/** The graph over WebSocket. */
export type WebSockets = {
  /** How many sockets are open. */
  count(): number
  /**
   * Accepts no more sockets. Each client is told to reconnect (1001) when its queries and mutations have their results.
   * Sockets that are still open after `timeoutMs` are cut.
   */
  close(timeoutMs: number): Promise<void>
}

const path = '/graphql'
const pingEveryMs = 10_000
const stallCheckEveryMs = 5_000
/**
 * How many messages are worked on before other requests have their turn. Keys take turns. On a busy machine, 6,000 that
 * arrived at once from one key kept others waiting for 2 s without this.
 */
const messagesPerIteration = 32
/** A close frame has room for 123 bytes (RFC 6455, 5.5), and a reason may quote an operation's id. */
const maxReasonCharacters = 40

/** Takes a server's upgrade requests at /graphql, for the protocol graphql-transport-ws. Other paths are refused. */
export function graphqlOverWebSocket(server: Server, options: WebSocketOptions): WebSockets {
  const { log, unsent, clientAddresses } = options
  const wss = new WebSocketServer({ noServer: true, maxPayload: options.maxBodyBytes, handleProtocols })
  const ofAddress = createQuota(options.maxSocketsPerAddress)
  const sockets = new Map<WebSocket, ClientSocket>()
  const executing = new Map<ClientSocket, number>()
  const iterations = createIterations(messagesPerIteration)
  let isClosing = false

  const onUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy())
    if (isClosing) refuse(stream, '503 Service Unavailable')
    else if (request.url?.split('?')[0] !== path) refuse(stream, '404 Not Found')
    else if (!hasRoom(request)) refuse(stream, '429 Too Many Requests\r\nRetry-After: 10')
    else wss.handleUpgrade(request, stream, head, ws => opened(ws, request))
  }
  server.on('upgrade', onUpgrade)

  /** Counts a socket among those of its address, until it has closed. */
  function hasRoom(request: IncomingMessage): boolean {
    const release = ofAddress.take(clientAddresses.of(request), 1)
    if (release) request.socket.once('close', release)
    return release !== null
  }

  const authentication = { ...options, ofKey: createQuota(options.maxSocketsPerKey) }
  const protocol = createProtocol({
    ...options,
    onConnect: (socket, authorization) => authenticateSocket(authentication, socket, authorization),
    onExecuting(socket, isExecuting) {
      const left = (executing.get(socket) ?? 0) + (isExecuting ? 1 : -1)
      if (left > 0) executing.set(socket, left)
      else executing.delete(socket)
      // The result is handed to the socket after this: it must leave before the close frame.
      if (isClosing && left === 0) setImmediate(() => executing.has(socket) || goAway(socket))
    },
  })

  function opened(ws: WebSocket, request: IncomingMessage): void {
    const address = clientAddresses.of(request)
    const socket = createClientSocket(ws, request.socket, { ...options, address })
    const decide = watchIncoming(options)
    const inTurn = createMessageTurns(ws, iterations, () => socket.actor?.keyId ?? address)
    const take = (bytes: number) => socket.actor && options.open.take(socket.actor.keyId, bytes)
    const onTooMuch = () => {
      ws.close(socket.actor ? 1013 : 1009, 'Too many bytes')
      // The client's close frame would come behind what is not read, so nobody waits for it.
      endInStages(request.socket)
      request.socket.destroySoon()
    }
    const completed = countPartialMessages(request.socket, { take, onTooMuch })
    sockets.set(ws, socket)
    const failed = (error: unknown) => {
      if (isUnexpectedMessage(error)) return ws.close(unexpectedMessage.code, unexpectedMessage.reason)
      log.error({ err: error }, 'a socket failed')
      ws.close(CloseCode.InternalServerError, 'Internal server error')
    }
    const closed = protocol.opened(
      {
        protocol: ws.protocol,
        send(text) {
          const sent = unsent.hold(socket.actor?.keyId ?? '', Buffer.byteLength(text))
          return send(ws, text).finally(sent)
        },
        close: (code, reason) => ws.close(code, reason?.slice(0, maxReasonCharacters)),
        onPing: async payload => socket.pong(payload),
        onMessage: receive =>
          ws.on('message', message => {
            completed()
            // Messages still arrive until the client agrees to a close. A revoked key must not write any more.
            if (ws.readyState !== WebSocket.OPEN) return
            const text = String(message)
            const decision = decide(text, socket.actor !== null)
            if (typeof decision === 'object' && 'code' in decision)
              return ws.close(decision.code, decision.reason)
            // An operation keeps its message until its last frame has left.
            const release = socket.actor ? take(Buffer.byteLength(text)) : () => {}
            if (!release) return onTooMuch()
            inTurn(() => {
              if (ws.readyState !== WebSocket.OPEN) return release()
              if (typeof decision === 'object') socket.leave(decision.leaves)
              void receive(text).catch(failed).finally(release)
            })
          }),
      },
      { socket },
    )
    // A message that is too large, or not a WebSocket frame: ws closes the socket by itself.
    ws.on('error', () => {})
    const begun = performance.now()
    ws.once('close', (code, reason) => {
      const { keyId = null, workspaceId = null } = socket.actor ?? {}
      log.info(
        { keyId, workspaceId, code, seconds: Math.round((performance.now() - begun) / 1_000) },
        'socket closed',
      )
      options.onClose(code)
      sockets.delete(ws)
      completed()
      socket.end()
      void closed(code, String(reason))
    })
  }

  const forEachSocket = (everyMs: number, work: (socket: ClientSocket) => void) =>
    repeat(() => sockets.forEach(work), {
      everyMs,
      firstAfterMs: everyMs,
      onError: error => log.error({ err: error }, 'looking after the sockets failed'),
    })
  const pinging = forEachSocket(pingEveryMs, socket => socket.ping())
  const checking = forEachSocket(stallCheckEveryMs, socket => socket.closeIfStalled(performance.now()))

  return {
    count: () => sockets.size,
    async close(timeoutMs) {
      isClosing = true
      await Promise.all([pinging.stop(), checking.stop()])
      const gone = [...sockets.keys()].map(ws => new Promise(resolve => ws.once('close', resolve)))
      for (const socket of sockets.values()) if (!executing.has(socket)) goAway(socket)
      const timer = setTimeout(() => sockets.forEach(({ ws }) => void ws.terminate()), timeoutMs)
      await Promise.all(gone)
      clearTimeout(timer)
      server.off('upgrade', onUpgrade)
      wss.close()
    },
  }
}

/** Rejects if an open socket cannot send. On a closing socket a late text is not a failure. */
const send = (ws: WebSocket, text: string) =>
  new Promise<void>((resolve, reject) =>
    ws.send(text, error => (error && ws.readyState === WebSocket.OPEN ? reject(error) : resolve())),
  )

const goAway = ({ ws }: ClientSocket) => ws.close(1001, 'Going away')

const refuse = (stream: Duplex, status: string) =>
  void stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    stream.destroy(),
  )
