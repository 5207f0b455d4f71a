import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { explain, Refusal } from '../domain/errors.ts'
import { type AcceptedBody, bodyError } from './body-error.ts'
import { endInStages } from './end-in-stages.ts'
import { bareHeaders } from './security-headers.ts'
import { httpStatus } from './status.ts'

const bodyOf = (statusCode: number, message: string) => ({
  statusCode,
  error: STATUS_CODES[statusCode] ?? 'Error',
  message,
})

/**
 * Sends any error as exactly `{statusCode, error, message}`, as in the REST documentation. An unexpected error is
 * logged, and its message is not sent.
 */
export const sendErrors =
  (accepted: AcceptedBody) => (error: Error, request: FastifyRequest, reply: FastifyReply) => {
    const { statusCode, message } = explained(error, accepted)
    // A refusal with the code INTERNAL has been logged where it was made.
    if (statusCode === 500 && !(error instanceof Refusal))
      request.log.error({ err: error }, 'unexpected error')
    const { retryAfter } = explain(error)?.extensions ?? {}
    if (retryAfter !== undefined) reply.header('Retry-After', retryAfter)
    if (statusCode === 401) reply.header('WWW-Authenticate', 'Bearer')
    return reply.code(statusCode).send(bodyOf(statusCode, message))
  }

function explained(error: Error, accepted: AcceptedBody): { statusCode: number; message: string } {
  const refusal = explain(error)
  if (refusal) return { statusCode: httpStatus[refusal.code], message: refusal.message }
  const wrong = bodyError(error as FastifyError, accepted)
  return wrong
    ? { statusCode: wrong.status, message: wrong.message }
    : { statusCode: 500, message: 'Something went wrong on our side.' }
}

/** The response for a path without a route. */
export function sendNotFound(_request: FastifyRequest, reply: FastifyReply) {
  return reply.code(404).send(bodyOf(404, 'Not found.'))
}

/** The response for an undecodable path: 404, as for any unknown one. */
export function sendBadPath(_error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  // No hook has run for such a request.
  return sendNotFound(request, reply.headers({ ...bareHeaders, 'X-Request-Id': request.id }))
}

const malformed: Record<string, [number, string]> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
}

/** The response to input that is not HTTP, or that does not arrive, written to the bare socket. It is the last one. */
export function sendMalformed({ code = '' }: { code?: string }, socket: Socket): void {
  if (!socket.writable || code === 'ECONNRESET') return void socket.destroy()
  const [status, message] = malformed[code] ?? [400, 'This is not a valid request.']
  const body = JSON.stringify(bodyOf(status, message))
  const headers = {
    ...bareHeaders,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
  endInStages(socket)
  socket.destroySoon()
}
