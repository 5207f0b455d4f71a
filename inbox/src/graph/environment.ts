import type { Client } from 'graphql-ws'
import type { GraphQLResponse, RequestParameters, Variables } from 'relay-runtime'
import { Environment, Network, Observable, RecordSource, Store } from 'relay-runtime'
import { handlerProvider } from './connections.ts'
import { request } from './request.ts'

export type EnvironmentOptions = {
  key: string
  client: Client
  /** Called with each position of the event log that an answer was read at. */
  onRead(cursor: string): void
}

/** Queries and mutations over HTTP, subscriptions over the WebSocket of `client`. */
export function createEnvironment({ key, client, onRead }: EnvironmentOptions): Environment {
  const fetch = async (params: RequestParameters, variables: Variables) => {
    const answer = await request(key, params, variables)
    for (const cursor of cursorsIn(answer)) onRead(cursor)
    return answer
  }
  return new Environment({
    network: Network.create(fetch, (params, variables) => subscribe(client, params, variables)),
    store: new Store(new RecordSource(), { gcReleaseBufferSize: 50 }),
    handlerProvider,
  })
}

/** A query asks for `workspace { eventCursor }`, and the payload of a mutation has a `cursor`. */
function cursorsIn(answer: GraphQLResponse): string[] {
  const fields = Object.values('data' in answer ? (answer.data ?? {}) : {})
  return fields
    .map(field => (field as Partial<Record<'cursor' | 'eventCursor', unknown>> | null) ?? {})
    .flatMap(({ cursor, eventCursor }) => [cursor, eventCursor])
    .filter(cursor => typeof cursor === 'string')
}

type Event = { cursor?: string }

/** The client sends the payload again when it reconnects: `after` moves along in it, so that nothing is missed. */
function subscribe(client: Client, { text, name }: RequestParameters, variables: Variables) {
  return Observable.create<GraphQLResponse>(sink => {
    const payload = { query: text ?? '', operationName: name, variables: { ...variables } }
    return client.subscribe<Record<string, Event>>(payload, {
      next(result) {
        const cursor = Object.values(result.data ?? {})[0]?.cursor
        if (cursor !== undefined) {
          if (cursor <= String(payload.variables.after ?? '')) return
          payload.variables.after = cursor
        }
        sink.next(result as GraphQLResponse)
      },
      error: error => sink.error(error instanceof Error ? error : new Error(JSON.stringify(error))),
      complete: () => sink.complete(),
    })
  })
}
