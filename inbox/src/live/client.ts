import { type Client, createClient } from 'graphql-ws'
import { createStore, type ReadableStore } from '../parts/store.ts'

/** `connecting` at first, `live` while events arrive, `lost` between a disconnect and the next `live`. */
export type LiveState = 'connecting' | 'live' | 'lost'

export type LiveClient = { client: Client; state: ReadableStore<LiveState> }

/** The key is wrong, was revoked or has expired (docs/live.md). */
const endOfKey = [4401, 4403]
const longestWaitMs = 5_000

/** A client that reconnects for as long as the page is open. `onEnd` is called when the key has ended. */
export function createLiveClient(key: string, onEnd: () => void): LiveClient {
  const state = createStore<LiveState>('connecting')
  const client = createClient({
    url: new URL('/graphql', location.href.replace(/^http/, 'ws')).href,
    connectionParams: { authorization: `Bearer ${key}` },
    lazy: false,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: tries => new Promise(done => setTimeout(done, waitMs(tries))),
    shouldRetry: event => !endOfKey.includes((event as CloseEvent).code),
    onNonLazyError: () => {},
    on: {
      connected: () => state.set('live'),
      closed(event) {
        if (endOfKey.includes((event as CloseEvent).code)) onEnd()
        state.set('lost')
      },
    },
  })
  return { client, state }
}

/** Twice as long each time, and by chance up to half longer, so that all pages do not come back at once. */
const waitMs = (tries: number) =>
  Math.min(250 * 2 ** Math.min(tries, 10), longestWaitMs) * (1 + Math.random() / 2)
