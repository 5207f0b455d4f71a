import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyBaseLogger } from 'fastify'
import { type ExecutionArgs, type FormattedExecutionResult, GraphQLError } from 'graphql'
import type { SubscribePayload } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocket, WebSocketServer } from 'ws'
import { explain } from '../domain/errors.ts'
import type { Actor } from '../domain/operation.ts'
import { presentable, withoutHttp } from './errors.ts'
import type { Graph } from './graph.ts'

export type SocketOptions = {
  graph: Graph
  log: FastifyBaseLogger
  authenticate(header: unknown): Promise<Actor>
  /** Called with each socket that has shown its credential; `end` closes it. */
  onSocket(actor: Actor, end: () => void): () => void
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

type Extra = { socket: WebSocket; request: IncomingMessage; actor?: Actor }

const path = '/graphql'
const maxPayload = 1024 * 1024
const operationsPerSocket = 100

/** Opens the door on a server's upgrade requests: the protocol graphql-transport-ws, everything else is turned away. */
export function socketDoor(server: Server, options: SocketOptions): SocketDoor {
  const wss = new WebSocketServer({ noServer: true, maxPayload })
  const unanswered = new Map<WebSocket, number>()
  let closing = false

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    if (closing) return turnAway(socket, '503 Service Unavailable')
    if (request.url?.split('?')[0] !== path) return turnAway(socket, '404 Not Found')
    wss.handleUpgrade(request, socket, head, ws => wss.emit('connection', ws, request))
  }
  server.on('upgrade', onUpgrade)

  function count(socket: WebSocket, by: 1 | -1): void {
    const left = (unanswered.get(socket) ?? 0) + by
    if (left > 0) unanswered.set(socket, left)
    else unanswered.delete(socket)
    // The answer is handed to the socket after this: it must leave before the close frame.
    if (closing && left === 0) setImmediate(() => goAway(socket))
  }

  useServer<Record<string, unknown>, Extra>(
    {
      connectionInitWaitTimeout: 3_000,
      async onConnect({ connectionParams, extra }) {
        try {
          extra.actor = await options.authenticate(connectionParams?.authorization)
        } catch (error) {
          return turnDown(extra.socket, error, options.log)
        }
        const unwatch = options.onSocket(extra.actor, () => extra.socket.close(4403, 'Forbidden'))
        if (extra.socket.readyState === WebSocket.OPEN) extra.socket.once('close', unwatch)
        else unwatch()
        return true
      },
      // Whatever is thrown in here would close the socket, with all that its other operations wait for.
      onSubscribe: (context, _id, payload) =>
        Object.keys(context.subscriptions).length > operationsPerSocket
          ? [tooMany]
          : prepare(options, context.extra, payload),
      async execute(args: ExecutionArgs) {
        const { socket, enveloped } = args.rootValue as Root
        count(socket, 1)
        try {
          return await enveloped.execute({ ...args, rootValue: undefined })
        } finally {
          count(socket, -1)
        }
      },
      subscribe: (args: ExecutionArgs) =>
        (args.rootValue as Root).enveloped.subscribe({ ...args, rootValue: undefined }),
      onNext: (_context, _id, _payload, _args, result) =>
        result.errors
          ? ({ ...result, errors: result.errors.map(withoutHttp) } as FormattedExecutionResult)
          : undefined,
      onError: (_context, _id, _payload, errors) =>
        errors.map(error => withoutHttp(presentable(error, { requestId: randomUUID(), log: options.log }))),
    },
    wss,
  )

  return {
    sockets: () => wss.clients.size,
    async close(patience) {
      closing = true
      const gone = [...wss.clients].map(socket => new Promise(resolve => socket.once('close', resolve)))
      for (const socket of wss.clients) if (!unanswered.has(socket)) goAway(socket)
      const late = setTimeout(() => {
        for (const socket of wss.clients) socket.terminate()
      }, patience)
      await Promise.all(gone)
      clearTimeout(late)
      server.off('upgrade', onUpgrade)
      wss.close()
    },
  }
}

/** Clients give up on 4401, and come back after 1013: nothing is wrong with their key while the database is away. */
function turnDown(socket: WebSocket, error: unknown, log: FastifyBaseLogger): false {
  if (explain(error)?.code === 'UNAUTHENTICATED') socket.close(4401, 'Unauthorized')
  else {
    log.error({ err: error }, 'could not authenticate a socket')
    socket.close(1013, 'Try again later')
  }
  return false
}

const tooMany = new GraphQLError(`A socket may have ${operationsPerSocket} operations at once.`, {
  extensions: { code: 'LIMIT_EXCEEDED' },
})

type Root = { socket: WebSocket; enveloped: ReturnType<Graph['getEnveloped']> }

/** Parses and validates an operation, or says what is wrong with it. */
async function prepare({ graph, log }: SocketOptions, extra: Extra, payload: SubscribePayload) {
  const asking = { actor: extra.actor ?? null, requestId: randomUUID(), log }
  const enveloped = graph.getEnveloped(asking)
  try {
    const document = enveloped.parse(payload.query)
    const errors = enveloped.validate(enveloped.schema, document) as GraphQLError[]
    if (errors.length > 0) return errors.map(error => presentable(error, asking))
    return {
      schema: enveloped.schema,
      document,
      operationName: payload.operationName,
      variableValues: payload.variables,
      contextValue: await enveloped.contextFactory(),
      rootValue: { socket: extra.socket, enveloped } satisfies Root,
    } as ExecutionArgs
  } catch (error) {
    return [presentable(error, asking)]
  }
}

const goAway = (socket: WebSocket) => socket.close(1001, 'Going away')

const turnAway = (socket: Duplex, status: string) =>
  void socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  )
