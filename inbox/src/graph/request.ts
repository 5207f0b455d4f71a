import type { GraphQLResponse, RequestParameters, Variables } from 'relay-runtime'

/** A request that was refused, or that had no answer. `code` is that of docs/errors.md; UNREACHABLE: no answer came. */
export class RequestError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

type Answer = { data?: unknown; errors?: { message: string; extensions?: { code?: string } }[] }

/** Sends a query or mutation over HTTP. Throws a RequestError if the answer has an error: the page shows no half answers. */
export async function request(
  key: string,
  { text, name }: RequestParameters,
  variables: Variables,
): Promise<GraphQLResponse> {
  const { data, errors } = await post(key, { query: text, operationName: name, variables })
  const [error] = errors ?? []
  if (error) throw new RequestError(error.extensions?.code ?? 'INTERNAL', error.message)
  return { data } as GraphQLResponse
}

async function post(key: string, body: object): Promise<Answer> {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return (await response.json()) as Answer
  } catch {
    throw new RequestError('UNREACHABLE', 'The gateway cannot be reached.')
  }
}
