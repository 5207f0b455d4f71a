import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { GraphQLError } from 'graphql'
import { type ErrorCode, explain, httpStatus } from '../domain/errors.ts'
import { bodyError } from '../graphql/body-error.ts'

/** A refusal in the documented form. */
export class Refused extends Error {
  readonly statusCode: number

  constructor(statusCode: number, message: string) {
    super(message)
    this.statusCode = statusCode
  }
}

/** The refusal for one of the graph's codes; its message unless the documentation has its own. */
export function refusedBy(code: ErrorCode, message: string): Refused {
  return new Refused(httpStatus[code], code === 'BAD_CURSOR' ? 'Invalid cursor.' : message)
}

const bodyOf = (statusCode: number, message: string) => ({
  statusCode,
  error: STATUS_CODES[statusCode] ?? 'Error',
  message,
})

/** Answers any error as exactly `{statusCode, error, message}`; of what we did not foresee it says nothing. */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const { statusCode, message } = told(error)
  // What failed inside the graph has been logged there.
  if (statusCode === 500 && !(error instanceof GraphQLError))
    request.log.error({ err: error, requestId: request.id }, 'unexpected error')
  if (statusCode === 401) reply.header('WWW-Authenticate', 'Bearer')
  return reply.code(statusCode).send(bodyOf(statusCode, message))
}

function told(error: FastifyError | Refused): { statusCode: number; message: string } {
  if (error instanceof Refused) return error
  const code = error instanceof GraphQLError ? (error.extensions.code as ErrorCode) : explain(error)?.code
  if (code && code in httpStatus && code !== 'INTERNAL') return refusedBy(code, error.message)
  const wrong = bodyError(error as FastifyError)
  return wrong
    ? { statusCode: wrong.status, message: wrong.message }
    : { statusCode: 500, message: 'Something went wrong on our side.' }
}

/** No route has this path. */
export function answerNotFound(_request: FastifyRequest, reply: FastifyReply) {
  return reply.code(404).send(bodyOf(404, 'Not found.'))
}

/** A path that no id can be in: undecodable or too long. To its caller it is one more path that leads nowhere. */
export function answerBadPath(_error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  return answerNotFound(request, reply)
}

/** What is not HTTP at all, answered on the bare socket. */
export function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
  const body = JSON.stringify(
    bodyOf(status, status === 431 ? 'The headers are too large.' : 'This is not a valid request.'),
  )
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
