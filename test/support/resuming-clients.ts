import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { resume, resumingClient } from '../../examples/resume.ts'
import type { EventFilter } from '../../src/domain/event/rows.ts'

// Three ways to follow a log through faults, over either of two gateways.

export type Subscriber = { filter: EventFilter; from: string; heard: string[]; cut(): void; stop(): void }

export const pick = <Value>(values: readonly Value[]): Value =>
  values[Math.floor(Math.random() * values.length)] as Value

export const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

const query = `subscription ($after: EventCursor, $types: [ConversationEventType!], $conversationId: ID, $contactId: ID) {
  conversationEvents(after: $after, types: $types, conversationId: $conversationId, contactId: $contactId) {
    cursor conversation { id status assignedTo { name } }
  }
}`

/** The documented client: the stock one with its own retry. */
export function stockRetry(
  urls: readonly string[],
  key: string,
  from: string,
  filter: EventFilter,
): Subscriber {
  const heard: string[] = []
  const sockets = new Set<WebSocket>()
  const stock = resumingClient(pick(urls), key)
  stock.on('connected', socket => sockets.add(socket as WebSocket))
  const stop = resume<{ cursor: string }>({
    client: stock,
    subscription: { query, variables: filter },
    snapshot: async () => (heard.length === 0 ? from : Promise.reject(new Error('A cursor was refused.'))),
    onEvent: ({ cursor }) => heard.push(cursor),
    onError: error => console.error('stock', error),
  })
  return {
    filter,
    from,
    heard,
    cut: () => [...sockets].at(-1)?.terminate(),
    stop() {
      stop()
      // What it was about to connect for is gone: that is what it rejects with.
      void Promise.resolve(stock.dispose()).catch(() => {})
    },
  }
}

/** A client of one's own: it opens a new socket, to either gateway, with the last cursor it has seen. */
export function byHand(urls: readonly string[], key: string, from: string, filter: EventFilter): Subscriber {
  const heard: string[] = []
  let stopped = false
  let cut = () => {}
  const open = () =>
    new Promise<void>(resolve => {
      const once = createClient({
        url: `${pick(urls).replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: { authorization: `Bearer ${key}` },
        retryAttempts: 0,
      })
      once.on('connected', socket => {
        cut = () => (socket as WebSocket).terminate()
      })
      once.subscribe<{ conversationEvents: { cursor: string } }>(
        { query, variables: { ...filter, after: heard.at(-1) ?? from } },
        {
          next: ({ data }) => data && heard.push(data.conversationEvents.cursor),
          error: () => resolve(),
          complete: () => resolve(),
        },
      )
    })
  const follow = async () => {
    while (!stopped) {
      await open()
      await pause(50 + Math.random() * 200)
    }
  }
  void follow()
  return {
    filter,
    from,
    heard,
    cut: () => cut(),
    stop() {
      stopped = true
      cut()
    },
  }
}

/** A browser's way: the stream's last id goes back as Last-Event-ID, also one that came without an event. */
export function eventStream(
  urls: readonly string[],
  key: string,
  from: string,
  filter: EventFilter,
): Subscriber {
  const heard: string[] = []
  let lastId = from
  let stopped = false
  let abort = new AbortController()
  const open = async () => {
    abort = new AbortController()
    const response = await fetch(`${pick(urls)}/graphql`, {
      method: 'POST',
      signal: abort.signal,
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        'last-event-id': lastId,
        authorization: `Bearer ${key}`,
      },
      body: JSON.stringify({ query, variables: { ...filter, after: from } }),
    })
    let text = ''
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) read(block)
    }
  }
  const read = (block: string) => {
    const id = /^id: (.*)$/m.exec(block)?.[1]
    if (id) lastId = id
    if (/^data: \{"data"/m.test(block) && id) heard.push(id)
  }
  const follow = async () => {
    while (!stopped) {
      await open().catch(() => {})
      await pause(50 + Math.random() * 200)
    }
  }
  void follow()
  return {
    filter,
    from,
    heard,
    cut: () => abort.abort(),
    stop() {
      stopped = true
      abort.abort()
    },
  }
}
