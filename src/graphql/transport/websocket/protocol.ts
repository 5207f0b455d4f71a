import { randomUUID } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import type { ExecutionArgs, ExecutionResult, FormattedExecutionResult } from 'graphql'
import { makeServer, type Server, type ServerOptions } from 'graphql-ws'
import { type OpenRequests, tooManyRequestBytes } from '../../../http/request-bytes.ts'
import type { Traces } from '../../../runtime/traces.ts'
import type { AnswerStream } from '../../execution/answer-stream.ts'
import { errorOf, toClientError, toClientErrorOutside, withoutHttp } from '../../execution/errors.ts'
import type { Graph } from '../../execution/graph.ts'
import type { PreparedOperation } from '../../execution/prepare.ts'
import { documentIdIn } from '../../execution/trusted-documents.ts'
import type { Caller } from '../../schema/context.ts'
import { idTooLong, maxIdCharacters, stillOpening, tooManyOperations } from './refusals.ts'
import type { ClientSocket } from './socket.ts'

export type ProtocolOptions = {
  graph: Graph
  log: FastifyBaseLogger
  open: OpenRequests
  /** An operation is in the trace that its `extensions` name, as headers do in HTTP. */
  traces: Pick<Traces, 'of'>
  /** Further operations on one socket are refused with LIMIT_EXCEEDED. */
  maxOperationsPerSocket: number
  /** A socket without `connection_init` is closed with 4408 after this time. */
  connectionInitTimeoutMs: number
  /** Called with each `connection_init`; false: the socket has been closed. */
  onConnect(socket: ClientSocket, authorization: unknown): Promise<boolean>
  /** Called when a query or mutation of a socket begins and, with false, when its result is ready to be sent. */
  onExecuting(socket: ClientSocket, isExecuting: boolean): void
}

export type Extra = { socket: ClientSocket }

/** What graphql-ws passes from `onSubscribe` to `execute` and `subscribe`. Its own recipe uses `rootValue` for this. */
type Root = { socket: ClientSocket; id: string; operation: PreparedOperation; caller: Caller }

/** What an open operation takes besides its message, about: 10,000 subscriptions took 92 MB. */
const overheadBytes = 8 * 1024

/** The protocol graphql-transport-ws over the graph. It does not parse, validate or execute anything by itself. */
export function createProtocol(options: ProtocolOptions): Server<Extra> {
  const { graph, log, open, traces, maxOperationsPerSocket, connectionInitTimeoutMs } = options
  const { onConnect, onExecuting } = options
  const protocol: ServerOptions<Record<string, unknown>, Extra> = {
    connectionInitWaitTimeout: connectionInitTimeoutMs,
    onConnect: ({ connectionParams, extra }) => onConnect(extra.socket, connectionParams?.authorization),
    // An exception in here would close the socket, and with it all its other operations.
    async onSubscribe({ extra: { socket } }, id, payload) {
      const { query, operationName, variables } = payload
      const { actor } = socket
      if (!actor) throw new Error('An operation arrived before connection_ack.')
      // The protocol's own list lacks operations that were completed while they were still opening.
      if (socket.operations() >= maxOperationsPerSocket) return [tooManyOperations(maxOperationsPerSocket)]
      if (id.length > maxIdCharacters) return [idTooLong]
      const release = open.take(actor.keyId, overheadBytes)
      if (!release) return [errorOf(tooManyRequestBytes(open))]
      const signal = socket.begin(id, release)
      if (!signal) return [stillOpening(id)]
      const trace = traces.of(placeIn(payload.extensions))
      const caller = { requestId: randomUUID(), log, signal, actor, trace }
      const documentId = documentIdIn(payload)
      const operation = await graph.prepare({ query, operationName, documentId }, caller)
      if ('errors' in operation) {
        socket.begun(id)
        return operation.errors
      }
      const rootValue: Root = { socket, id, operation, caller }
      return {
        document: operation.document,
        operationName: operation.operationName,
        variableValues: variables,
        rootValue,
      } as ExecutionArgs
    },
    async execute({ variableValues, rootValue }: ExecutionArgs) {
      const { socket, id, operation, caller } = rootValue as Root
      onExecuting(socket, true)
      try {
        const answer = await graph.answer(operation, variableValues, caller)
        if (!('text' in answer)) return answer
        socket.sendAnswer(id, answer)
        return nothing()
      } finally {
        socket.begun(id)
        onExecuting(socket, false)
      }
    },
    async subscribe({ variableValues, rootValue }: ExecutionArgs) {
      const { socket, id, operation, caller } = rootValue as Root
      try {
        const result = await graph.execute(operation, variableValues, caller)
        return Symbol.asyncIterator in result ? endOf(result, socket.serve(id, result), caller) : result
      } finally {
        socket.begun(id)
      }
    },
    onNext: (_context, _id, _payload, _args, { errors, ...result }) =>
      errors ? ({ ...result, errors: errors.map(withoutHttp) } as FormattedExecutionResult) : undefined,
    onError: (_context, _id, _payload, errors) =>
      errors.map(error => withoutHttp(toClientErrorOutside(log)(error))),
  }
  return makeServer(protocol)
}

/** The place in a trace that a client names; what is not a text is none. */
function placeIn(extensions: Record<string, unknown> | null | undefined) {
  const { traceparent, tracestate } = extensions ?? {}
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  return { traceparent: text(traceparent), tracestate: text(tracestate) }
}

/** The text of a result bypasses graphql-ws, which only completes the operation. */
function nothing(): AsyncIterableIterator<ExecutionResult, undefined> {
  const iterator: AsyncIterableIterator<ExecutionResult, undefined> = {
    next: async () => ({ done: true, value: undefined }),
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}

/**
 * Delivery bypasses graphql-ws: the socket writes the answers itself. This iterator yields only the final error, so
 * that `complete` and unsubscribing still work.
 */
function endOf(
  answers: AnswerStream,
  served: Promise<unknown>,
  caller: Caller,
): AsyncIterableIterator<ExecutionResult, undefined> {
  const done = { done: true, value: undefined } as const
  let isErrorSent = false
  const iterator: AsyncIterableIterator<ExecutionResult, undefined> = {
    async next() {
      const error = await served
      if (error === null || isErrorSent) {
        await answers.return?.()
        return done
      }
      isErrorSent = true
      return { done: false, value: { errors: [toClientError(error, caller)] } }
    },
    async return() {
      await answers.return?.()
      return done
    },
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}
