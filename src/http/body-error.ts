import type { FastifyError } from 'fastify'

/** The body that a route accepts. */
export type AcceptedBody = { maxBytes: number; contentType: string }

export const jsonBody = (maxBytes: number): AcceptedBody => ({ maxBytes, contentType: 'application/json' })

const bytesOfMiB = 1024 * 1024

/** A size as users read it, such as `25 MiB`. */
export const inWords = (bytes: number): string =>
  bytes % bytesOfMiB === 0 ? `${bytes / bytesOfMiB} MiB` : `${bytes} bytes`

/**
 * The client's mistake in a body that could not be read, as a sentence for its route; null: the client made no mistake.
 */
export function bodyError(
  { code, message, statusCode = 500 }: FastifyError,
  { maxBytes, contentType }: AcceptedBody,
): { status: number; message: string } | null {
  const words: Record<string, string> = {
    FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not JSON.',
    FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty.',
    FST_ERR_CTP_BODY_TOO_LARGE: `The body is larger than ${inWords(maxBytes)}.`,
    FST_ERR_CTP_INVALID_MEDIA_TYPE: `Content-Type must be ${contentType}.`,
  }
  return statusCode < 500 ? { status: statusCode, message: words[code] ?? message } : null
}
