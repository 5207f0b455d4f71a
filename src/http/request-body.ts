import type { IncomingMessage } from 'node:http'

/** Whether a part of the request's body has not arrived yet. */
export function hasUnreadBody({ complete, headers }: IncomingMessage): boolean {
  // The parser reports the end of a request without a body only after its listeners have run.
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  return hasBody && !complete
}
