import type { FastifyError } from 'fastify'

const words: Record<string, string> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not JSON.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty.',
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is larger than 1 MiB.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Content-Type must be application/json.',
}

/** What was wrong with a request before anybody read it, in our words; null for an error that is not the client's. */
export function bodyError({
  code,
  message,
  statusCode = 500,
}: FastifyError): { status: number; message: string } | null {
  return statusCode < 500 ? { status: statusCode, message: words[code] ?? message } : null
}
