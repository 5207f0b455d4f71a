import { once } from 'node:events'
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

export type LiveEvent = { __typename: string; cursor: string; conversation: { id: string } }

export const conversationEvents = `subscription ($after: EventCursor, $conversationId: ID, $contactId: ID, $types: [ConversationEventType!]) {
  conversationEvents(after: $after, conversationId: $conversationId, contactId: $contactId, types: $types) {
    __typename cursor conversation { id }
    ... on ConversationStatusChanged { previousStatus status }
    ... on ConversationAssigned { previousAssignedTo { id } assignedTo { id } }
    ... on MessageAdded { message { preview } }
    ... on MessageStatusChanged { message { id } previousMessageStatus messageStatus }
  }
}`

/** How to close each client that this file has opened. */
const opened = new Set<() => unknown>()

/** Closes every client that was opened here, however its test ended. */
export async function closeClients(): Promise<void> {
  await Promise.all([...opened].map(close => close()))
  opened.clear()
}

/** The events that a subscriber has received so far, and the means to wait for more. */
export type Heard<Event> = {
  events: Event[]
  errors: Result['errors'][]
  /** Resolves when this number of events has come, and fails after a minute. */
  until(count: number): Promise<Event[]>
  /** Resolves when the subscription has ended, with why. */
  ended: Promise<unknown>
  stop(): void
}

type Subscriber<Event> = {
  next(result: Result): void
  error(error: unknown): void
  complete(): void
  heard: Heard<Event>
}

function subscriber<Event>(stop: () => void): Subscriber<Event> {
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
        const timer = setTimeout(late, 60_000)
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
  const client = createSocket({
    url: socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
    lazy: false,
    onNonLazyError: () => {},
    retryAttempts: options.retryAttempts ?? 0,
    retryWait: () => Promise.resolve(),
  })
  opened.add(() => client.dispose())
  return client
}

/** A bare socket, whose every message the test writes. Its masks are zeros, which take the client no time. */
export function bareSocket({ socketUrl }: { socketUrl: string }): WebSocket {
  const socket = new WebSocket(socketUrl, 'graphql-transport-ws', { generateMask: () => {} })
  opened.add(() => socket.terminate())
  return socket
}

/** A bare socket that has shown its key. */
export async function acknowledged({ socketUrl, authorization }: Client): Promise<WebSocket> {
  const socket = bareSocket({ socketUrl })
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }))
  await once(socket, 'message')
  return socket
}

/** The code with which the server closes a socket. */
export const closed = (socket: WebSocket) => new Promise<number>(resolve => socket.once('close', resolve))

/** Subscribes over a WebSocket client, and resolves once the server has the subscription. */
export function overSocket<Event = StatusEvent>(
  from: SocketClient,
  query: string,
  variables: Record<string, unknown> = {},
): Heard<Event> {
  const payload = { query, variables }
  const target = subscriber<Event>(() => unsubscribe())
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
  opened.add(() => client.dispose())
  const target = subscriber<Event>(() => client.dispose())
  client.subscribe(
    { query, variables },
    { next: result => target.next(result as Result), error: target.error, complete: target.complete },
  )
  return target.heard
}

/** The code of the error that a subscription has ended with, once it has; null: it ended without one. */
export async function codeAtEnd(heard: Heard<unknown>): Promise<unknown> {
  const error = (await heard.ended) ?? heard.errors.at(-1)
  const [first] = (Array.isArray(error) ? error : [error]) as { extensions?: { code?: string } }[]
  return first?.extensions?.code ?? null
}
