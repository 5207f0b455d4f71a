import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket as Stream } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyBaseLogger } from 'fastify'
import { type ExecutionArgs, type FormattedExecutionResult, GraphQLError, getOperationAST } from 'graphql'
import { CloseCode, handleProtocols, makeServer, type ServerOptions, type SubscribePayload } from 'graphql-ws'
import { WebSocket, WebSocketServer } from 'ws'
import { explain } from '../domain/errors.ts'
import type { Actor } from '../domain/operation.ts'
import { type Asker, presentable, withoutHttp } from './errors.ts'
import type { Graph } from './graph.ts'
import { createSocket, type Socket } from './socket.ts'
import { type Answering, subscribe } from './subscribe.ts'

export type SocketOptions = {
  graph: Graph
  log: FastifyBaseLogger
  authenticate(header: unknown): Promise<Actor>
  /** Called with each socket that has shown its credential; `end` closes it. */
  onSocket(actor: Actor, end: () => void): () => void
  /** Beyond these an operation is refused, and a socket closed with 1013. */
  operationsPerSocket: number
  socketsPerKey: number
}

/** The graph over WebSocket. */
export type SocketDoor = {
  /** How many sockets are open. */
  sockets(): number
  /**
   * Takes no more sockets, tells each client to come back (1001) once what it asked has been answered, and cuts those
   * that are not done after `patience` milliseconds.
   */
  close(patience: number): Promise<void>
}

type Extra = { socket: Socket }

const path = '/graphql'
const maxPayload = 1024 * 1024
const heartbeat = 10_000
const checks = 5_000

/** Opens the door on a server's upgrade requests: the protocol graphql-transport-ws, everything else is turned away. */
export function socketDoor(server: Server, options: SocketOptions): SocketDoor {
  const wss = new WebSocketServer({ noServer: true, maxPayload, handleProtocols })
  const sockets = new Map<WebSocket, Socket>()
  const unanswered = new Map<Socket, number>()
  let closing = false

  const onUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy())
    if (closing) turnAway(stream, '503 Service Unavailable')
    else if (request.url?.split('?')[0] !== path) turnAway(stream, '404 Not Found')
    else wss.handleUpgrade(request, stream, head, ws => opened(ws, request.socket as Stream))
  }
  server.on('upgrade', onUpgrade)

  const protocol = makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: 3_000,
    onConnect: ({ connectionParams, extra }) => admit(extra.socket, connectionParams?.authorization),
    // Whatever is thrown in here would close the socket, with all that its other operations wait for.
    async onSubscribe({ extra: { socket } }, id, payload) {
      // The protocol's own list does not know of what was completed while it was being opened.
      if (socket.operations() >= options.operationsPerSocket) return [tooMany(options.operationsPerSocket)]
      if (!socket.begin(id)) return [stillOpening(id)]
      const prepared = await prepare(options, socket, id, payload)
      if (Array.isArray(prepared)) socket.begun(id)
      return prepared
    },
    async execute(args: ExecutionArgs) {
      const { socket, id, enveloped } = args.rootValue as Root
      count(socket, 1)
      try {
        return await enveloped.execute({ ...args, rootValue: undefined })
      } catch (error) {
        // What fails before the first field is resolved.
        return { errors: [presentable(error, args.contextValue as Asker)] }
      } finally {
        socket.begun(id)
        count(socket, -1)
      }
    },
    async subscribe(args: ExecutionArgs) {
      const { socket, id } = args.rootValue as Root
      try {
        const answering = await subscribe({ ...args, rootValue: undefined })
        return Symbol.asyncIterator in answering ? serve(socket, id, answering, args) : answering
      } finally {
        socket.begun(id)
      }
    },
    onNext: (_context, _id, _payload, _args, result) =>
      result.errors
        ? ({ ...result, errors: result.errors.map(withoutHttp) } as FormattedExecutionResult)
        : undefined,
    onError: (_context, _id, _payload, errors) =>
      errors.map(error => withoutHttp(presentable(error, { requestId: randomUUID(), log: options.log }))),
  } as ServerOptions<Record<string, unknown>, Extra>)

  function opened(ws: WebSocket, stream: Stream): void {
    const socket = createSocket(ws, stream)
    sockets.set(ws, socket)
    const closed = protocol.opened(
      {
        protocol: ws.protocol,
        send: text =>
          new Promise((resolve, reject) =>
            // What comes too late for a socket that is closing is no failure of it.
            ws.send(text, error => (error && ws.readyState === WebSocket.OPEN ? reject(error) : resolve())),
          ),
        close: (code, reason) => ws.close(code, reason),
        onMessage: receive =>
          ws.on('message', message => {
            // Until the client agrees to a close, its messages still arrive: a revoked key must not write any more.
            if (ws.readyState === WebSocket.OPEN) void receive(String(message)).catch(failed)
          }),
      },
      { socket },
    )
    const failed = (error: unknown) => {
      options.log.error({ err: error }, 'a socket failed')
      ws.close(CloseCode.InternalServerError, 'Internal server error')
    }
    // A message that is too large, or no WebSocket frame: ws closes the socket by itself.
    ws.on('error', () => {})
    ws.once('close', (code, reason) => {
      sockets.delete(ws)
      socket.end()
      void closed(code, String(reason))
    })
  }

  async function admit(socket: Socket, authorization: unknown): Promise<boolean> {
    try {
      const actor = await options.authenticate(authorization)
      const ofKey = [...sockets.values()].filter(other => other.actor?.keyId === actor.keyId)
      if (ofKey.length >= options.socketsPerKey) return close(socket, 1013, 'Too many sockets')
      socket.actor = actor
      const unwatch = options.onSocket(actor, () => socket.ws.close(4403, 'Forbidden'))
      if (socket.ws.readyState === WebSocket.OPEN) socket.ws.once('close', unwatch)
      else unwatch()
      return true
    } catch (error) {
      if (explain(error)?.code === 'UNAUTHENTICATED') return close(socket, 4401, 'Unauthorized')
      // Clients give up on 4401 and come back after 1013: nothing is wrong with the key while the database is away.
      options.log.error({ err: error }, 'could not authenticate a socket')
      return close(socket, 1013, 'Try again later')
    }
  }

  function count(socket: Socket, by: 1 | -1): void {
    const left = (unanswered.get(socket) ?? 0) + by
    if (left > 0) unanswered.set(socket, left)
    else unanswered.delete(socket)
    // The answer is handed to the socket after this: it must leave before the close frame.
    if (closing && left === 0) setImmediate(() => goAway(socket))
  }

  const beating = setInterval(() => sockets.forEach(socket => void socket.beat()), heartbeat)
  const checking = setInterval(() => sockets.forEach(socket => void socket.check(performance.now())), checks)

  return {
    sockets: () => sockets.size,
    async close(patience) {
      closing = true
      clearInterval(beating)
      clearInterval(checking)
      const gone = [...sockets.keys()].map(ws => new Promise(resolve => ws.once('close', resolve)))
      for (const socket of sockets.values()) if (!unanswered.has(socket)) goAway(socket)
      const late = setTimeout(() => sockets.forEach(({ ws }) => void ws.terminate()), patience)
      await Promise.all(gone)
      clearTimeout(late)
      server.off('upgrade', onUpgrade)
      wss.close()
    },
  }
}

/**
 * Lets the socket write the answers by itself, and gives the protocol an iterator that yields nothing but the error that
 * ends them: so the protocol still tells the client of the end, and ends the answers when the client has enough.
 */
function serve(
  socket: Socket,
  id: string,
  answering: Answering,
  args: ExecutionArgs,
): AsyncIterableIterator<unknown> {
  const ended = socket.serve(id, answering)
  let told = false
  const iterator: AsyncIterableIterator<unknown> = {
    async next() {
      const error = await ended
      if (error === null || told) return iterator.return?.() ?? done
      told = true
      return { done: false, value: { errors: [presentable(error, args.contextValue as Asker)] } }
    },
    async return() {
      await answering.return?.()
      return done
    },
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}

const done = { done: true, value: undefined } as const

const tooMany = (most: number) =>
  new GraphQLError(`A socket may have ${most} operations at once.`, {
    extensions: { code: 'LIMIT_EXCEEDED' },
  })

const stillOpening = (id: string) =>
  new GraphQLError(`The operation ${id} is still being opened: another one needs an id of its own.`, {
    extensions: { code: 'INVALID_INPUT' },
  })

type Root = { socket: Socket; id: string; enveloped: ReturnType<Graph['getEnveloped']> }

/** Parses and validates an operation, or says what is wrong with it. */
async function prepare({ graph, log }: SocketOptions, socket: Socket, id: string, payload: SubscribePayload) {
  const asking = { actor: socket.actor, requestId: randomUUID(), log }
  const enveloped = graph.getEnveloped(asking)
  try {
    const document = enveloped.parse(payload.query)
    const errors = enveloped.validate(enveloped.schema, document) as GraphQLError[]
    if (errors.length > 0) return errors.map(error => presentable(error, asking))
    if (!getOperationAST(document, payload.operationName))
      throw new GraphQLError('Unable to identify operation')
    return {
      schema: enveloped.schema,
      document,
      operationName: payload.operationName,
      variableValues: payload.variables,
      contextValue: await enveloped.contextFactory(),
      rootValue: { socket, id, enveloped } satisfies Root,
    } as ExecutionArgs
  } catch (error) {
    return [presentable(error, asking)]
  }
}

function close({ ws }: Socket, code: number, reason: string): false {
  ws.close(code, reason)
  return false
}

const goAway = (socket: Socket) => close(socket, 1001, 'Going away')

const turnAway = (stream: Duplex, status: string) =>
  void stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    stream.destroy(),
  )
