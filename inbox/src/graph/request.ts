import type { GraphQLResponse, RequestParameters, Variables } from 'relay-runtime'

/**
 * A request or a subscription that was refused, or that had no answer. `code` is that of docs/errors.md, or one of two of
 * the page's own. UNREACHABLE: no answer came. CLOSED: the socket was closed.
 */
export class RequestError extends Error {
  readonly code: string
  /** In how many seconds to try again, if the gateway has said so. */
  readonly retryAfter: number | undefined

  constructor(code: string, message: string, retryAfter?: number) {
    super(message)
    this.code = code
    this.retryAfter = retryAfter
  }
}

/** An error as GraphQL puts it into an answer. */
export type AnswerError = { message: string; extensions?: { code?: unknown; retryAfter?: unknown } }

export function requestErrorOf({
  message,
  extensions: { code, retryAfter } = {},
}: AnswerError): RequestError {
  return new RequestError(
    typeof code === 'string' ? code : 'INTERNAL',
    message,
    typeof retryAfter === 'number' ? retryAfter : undefined,
  )
}

type Answer = { data?: unknown; errors?: AnswerError[] }

const timeoutMs = 30_000

/** Sends a query or mutation over HTTP. Throws a RequestError if the answer has an error: the page shows no half answers. */
export async function request(
  key: string,
  { text, name }: RequestParameters,
  variables: Variables,
): Promise<GraphQLResponse> {
  const { data, errors } = await post(key, { query: text, operationName: name, variables })
  const [error] = errors ?? []
  if (error) throw requestErrorOf(error)
  return { data } as GraphQLResponse
}

async function post(key: string, body: object): Promise<Answer> {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    })
    return (await response.json()) as Answer
  } catch {
    throw new RequestError('UNREACHABLE', 'The gateway cannot be reached.')
  }
}
