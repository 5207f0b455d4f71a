import type { ErrorCode } from '../domain/errors.ts'

/** The HTTP status of each error code. */
export const httpStatus: Record<ErrorCode, number> = {
  INVALID_INPUT: 400,
  NOT_FOUND: 404,
  IDEMPOTENCY_MISMATCH: 422,
  PERSISTED_QUERY_NOT_SUPPORTED: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  BAD_CURSOR: 400,
  CURSOR_EXPIRED: 410,
  LIMIT_EXCEEDED: 400,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  INTERNAL: 500,
}
