import { createClient as createEventSource } from 'graphql-sse'
import { createClient as createSocket, type Client as SocketClient } from 'graphql-ws'
import WebSocket from 'ws'
import type { Client } from './gateway.ts'

export type StatusEvent = {
  cursor: string
  status: string
  previousStatus: string
  conversation: { id: string }
}

export const statusChanges = `subscription ($after: EventCursor, $conversationId: ID) {
  conversationStatusChanged(after: $after, conversationId: $conversationId) {
    cursor previousStatus status conversation { id }
  }
}`

type Result = {
  data?: unknown
  errors?: readonly { message: string; extensions?: Record<string, unknown> }[]
}

/** What a subscriber has been told so far, and the means to wait for more. */
export type Heard<Event> = {
  events: Event[]
  errors: Result['errors'][]
  /** Resolves when so many events have come, and fails after 15 seconds. */
  until(count: number): Promise<Event[]>
  /** Resolves when the subscription has ended, with why. */
  ended: Promise<unknown>
  stop(): void
}

type Sink<Event> = {
  next(result: Result): void
  error(error: unknown): void
  complete(): void
  heard: Heard<Event>
}

function sink<Event>(stop: () => void): Sink<Event> {
  const waiting = new Set<() => void>()
  const ended = Promise.withResolvers<unknown>()
  const heard: Heard<Event> = {
    events: [],
    errors: [],
    ended: ended.promise,
    stop: () => stop(),
    until: count =>
      new Promise((resolve, reject) => {
        const late = () => reject(new Error(`Only ${heard.events.length} of ${count} events came.`))
        const timer = setTimeout(late, 15_000)
        const look = () => {
          if (heard.events.length < count) return
          clearTimeout(timer)
          waiting.delete(look)
          resolve(heard.events)
        }
        waiting.add(look)
        look()
      }),
  }
  return {
    heard,
    next(result) {
      if (result.errors) heard.errors.push(result.errors)
      else heard.events.push(Object.values(result.data as object)[0])
      for (const look of waiting) look()
    },
    error: error => ended.resolve(error),
    complete: () => ended.resolve(null),
  }
}

/** The stock WebSocket client. `retryAttempts` 0: it gives up when its socket is lost. */
export function socketClient(
  { socketUrl, authorization }: Client,
  options: { retryAttempts?: number } = {},
): SocketClient {
  return createSocket({
    url: socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
    lazy: false,
    onNonLazyError: () => {},
    retryAttempts: options.retryAttempts ?? 0,
    retryWait: () => Promise.resolve(),
  })
}

/** Subscribes over a WebSocket client, and resolves once the server has the subscription. */
export function overSocket<Event = StatusEvent>(
  from: SocketClient,
  query: string,
  variables: Record<string, unknown> = {},
): Heard<Event> {
  const payload = { query, variables }
  const target = sink<Event>(() => unsubscribe())
  const unsubscribe = from.subscribe(payload, {
    next(result) {
      target.next(result as Result)
      const { cursor } = (target.heard.events.at(-1) ?? {}) as { cursor?: string }
      // The stock client sends its first payload again after a retry: moving `after` in place resumes.
      if (cursor) payload.variables = { ...variables, after: cursor }
    },
    error: target.error,
    complete: target.complete,
  })
  return target.heard
}

/** Subscribes over server-sent events with the stock client. */
export function overEventStream<Event = StatusEvent>(
  { authorization, socketUrl }: Client,
  query: string,
  variables: Record<string, unknown> = {},
): Heard<Event> {
  const client = createEventSource({
    url: socketUrl.replace('ws', 'http'),
    headers: { authorization },
    retryAttempts: 0,
  })
  const target = sink<Event>(() => client.dispose())
  client.subscribe(
    { query, variables },
    { next: result => target.next(result as Result), error: target.error, complete: target.complete },
  )
  return target.heard
}
