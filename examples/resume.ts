/**
 * A client that misses nothing: the stock graphql-ws client, and a cursor that it moves along.
 *
 *     node examples/resume.ts http://localhost:4000 "$(cat .data/demo-api-key)"
 *
 * It reads the newest cursor together with its list, and follows the log from there. With every event it moves `after`:
 * the stock client sends the same payload again when it reconnects, so it resumes where it stopped. Two errors say that
 * the cursor is no longer valid; then it queries again. Two others say that it should come again later.
 */
import { pathToFileURL } from 'node:url'
import { type Client, createClient } from 'graphql-ws'
import WebSocket from 'ws'

/** A subscription that can resume: it has a variable `after`, and selects the cursor of each event. */
export type Resumable = { query: string; variables?: Record<string, unknown> }

export type ResumeOptions<Event extends { cursor: string }> = {
  client: Client
  subscription: Resumable
  /** Reads the list again, shows it, and returns the cursor that came with it. */
  snapshot(): Promise<string>
  /** Called once for every event after the snapshot, in order, across all disconnects. */
  onEvent(event: Event): void
  /**
   * Called with an event that failed, with a snapshot that failed and is tried again, and with an error that ended the
   * subscription for good, such as a field that does not exist.
   */
  onError(error: unknown): void
}

const retryAfterMs = 500
/** The subscription has not begun, or ends here: it goes on later. */
const passing = new Set(['UNAVAILABLE', 'RATE_LIMITED'])
const staleCursor = new Set(['CURSOR_EXPIRED', 'BAD_CURSOR'])

/** Follows a workspace's events. Returns a function that stops it. */
export function resume<Event extends { cursor: string }>(options: ResumeOptions<Event>): () => void {
  const { client, subscription, snapshot, onEvent, onError } = options
  let unsubscribe = () => {}
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const later = (next: () => void, waitMs = retryAfterMs) => {
    timer = setTimeout(next, waitMs)
  }

  async function begin(): Promise<void> {
    try {
      const after = await snapshot()
      if (!stopped) follow(after)
    } catch (error) {
      if (stopped) return
      onError(error)
      later(begin)
    }
  }

  function follow(from: string): void {
    const payload = { query: subscription.query, variables: { ...subscription.variables, after: from } }
    // The log has no end. If the subscription ends, it goes on from the last cursor, unless an error says otherwise.
    const goOn = () => follow(payload.variables.after)
    let then = () => later(goOn)
    unsubscribe = client.subscribe<Record<string, Event>>(payload, {
      // After an error without a cursor the server ends the subscription. If the client unsubscribed here too, the
      // stock client would count that twice, and give up at the next disconnect.
      next({ data, errors }) {
        const codes = (errors ?? []).map(error => String(error.extensions?.code))
        if (codes.some(code => passing.has(code))) {
          const waitSeconds = Number(errors?.[0]?.extensions?.retryAfter ?? 0)
          then = () => later(goOn, Math.max(retryAfterMs, waitSeconds * 1_000))
          return
        }
        const event = Object.values(data ?? {})[0]
        const cursor = event?.cursor ?? String(errors?.[0]?.extensions?.cursor ?? '')
        if (codes.some(code => staleCursor.has(code))) then = () => void begin()
        else if (cursor === '') then = () => onError(errors)
        // True for every transport: an event that is not after the last cursor has been seen.
        if (cursor <= payload.variables.after) return
        payload.variables.after = cursor
        if (event) onEvent(event)
        else onError(errors)
      },
      error: error => stopped || onError(error),
      complete: () => stopped || then(),
    })
  }

  void begin()
  return () => {
    stopped = true
    clearTimeout(timer)
    unsubscribe()
  }
}

/** The stock client, which reconnects without limit. */
export function resumingClient(url: string, key: string): Client {
  return createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${key}` },
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: async retries => {
      await new Promise(resolve =>
        setTimeout(resolve, Math.min(2_000, 100 * 2 ** retries) * (0.5 + Math.random())),
      )
    },
  })
}

async function main([url = 'http://localhost:4000', key = '']: string[]): Promise<void> {
  const query = '{ workspace { eventCursor conversationCounts { open unread } } }'
  resume<{ cursor: string }>({
    client: resumingClient(url, key),
    subscription: {
      query: `subscription ($after: EventCursor) {
        conversationEvents(after: $after) { __typename cursor occurredAt conversation { id subject status } }
      }`,
    },
    async snapshot() {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ query }),
      })
      const { data, errors } = (await response.json()) as {
        data?: { workspace: { eventCursor: string } }
        errors?: unknown
      }
      if (!data) throw new Error(JSON.stringify(errors))
      console.log('snapshot', JSON.stringify(data.workspace))
      return data.workspace.eventCursor
    },
    onEvent: event => console.log('event', JSON.stringify(event)),
    onError: error => console.error('error', error),
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2))
