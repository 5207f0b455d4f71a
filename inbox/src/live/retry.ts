import { RequestError } from '../graph/request.ts'

const shortestMs = 500
const longestMs = 10_000

/** The subscription has not begun, or ends here: it goes on later. */
const passing = new Set(['UNAVAILABLE', 'RATE_LIMITED', 'CLOSED'])

export const isPassing = (error: unknown): boolean => error instanceof RequestError && passing.has(error.code)

/** Calls later, after twice as long each time, or after what the gateway has asked for. */
export type Retry = {
  later(call: () => void, error?: unknown): void
  /** It has worked: the next wait is the shortest again. */
  reset(): void
  stop(): void
}

export function createRetry(): Retry {
  let tries = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    later(call, error) {
      clearTimeout(timer)
      const asked = error instanceof RequestError ? (error.retryAfter ?? 0) * 1_000 : 0
      timer = setTimeout(call, Math.max(asked, Math.min(shortestMs * 2 ** tries++, longestMs)))
    },
    reset() {
      tries = 0
    },
    stop: () => clearTimeout(timer),
  }
}
