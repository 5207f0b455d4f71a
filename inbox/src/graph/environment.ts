import type { Client } from 'graphql-ws'
import type { GraphQLResponse, RequestParameters, Variables } from 'relay-runtime'
import { Environment, Network, Observable, RecordSource, Store } from 'relay-runtime'
import { handlerProvider } from './connections.ts'
import { type AnswerError, RequestError, request, requestErrorOf } from './request.ts'

export type EnvironmentOptions = {
  key: string
  client: Client
  /** The position of the last event that was applied; null: none yet. */
  position(): string | null
  /** Called with the position of the event log that an answer was read at, or with an earlier one. */
  onRead(cursor: string): void
}

/** Queries and mutations over HTTP, subscriptions over the WebSocket of `client`. */
export function createEnvironment({ key, client, position, onRead }: EnvironmentOptions): Environment {
  const fetch = async (params: RequestParameters, variables: Variables) => {
    const before = position()
    const answer = await request(key, params, variables)
    // An answer that names no position was read after it was asked for.
    const cursor = cursorIn(answer) ?? before
    if (cursor !== null) onRead(cursor)
    return answer
  }
  return new Environment({
    network: Network.create(fetch, (params, variables) => subscribe(client, params, variables)),
    store: new Store(new RecordSource(), { gcReleaseBufferSize: 20 }),
    handlerProvider,
  })
}

/** A query asks for `workspace { eventCursor }`, and the payload of a mutation has a `cursor`, which is null for a no-op. */
function cursorIn(answer: GraphQLResponse): string | null {
  const fields = Object.values('data' in answer ? (answer.data ?? {}) : {})
  return (
    fields
      .map(field => (field as Partial<Record<'cursor' | 'eventCursor', unknown>> | null) ?? {})
      .flatMap(({ cursor, eventCursor }) => [cursor, eventCursor])
      .find(cursor => typeof cursor === 'string') ?? null
  )
}

type Event = { cursor?: string }

/** The client sends the payload again when it reconnects: `after` moves along in it, so that nothing is missed. */
function subscribe(client: Client, { text, name }: RequestParameters, variables: Variables) {
  return Observable.create<GraphQLResponse>(sink => {
    const payload = { query: text ?? '', operationName: name, variables: { ...variables } }
    return client.subscribe<Record<string, Event>>(payload, {
      next(result) {
        const [error] = result.errors ?? []
        if (error) return sink.error(requestErrorOf(error))
        const cursor = Object.values(result.data ?? {})[0]?.cursor
        if (cursor !== undefined) {
          if (cursor <= String(payload.variables.after ?? '')) return
          payload.variables.after = cursor
        }
        sink.next(result as GraphQLResponse)
      },
      error: error => sink.error(errorOf(error)),
      complete: () => sink.complete(),
    })
  })
}

/** What graphql-ws ends a subscription with: the errors of an operation, the close of the socket, or an error of its own. */
function errorOf(error: unknown): Error {
  if (Array.isArray(error)) return requestErrorOf(error[0] as AnswerError)
  return new RequestError('CLOSED', error instanceof Error ? error.message : 'The connection was closed.')
}
