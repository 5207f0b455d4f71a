import { type Client, createClient } from 'graphql-ws'
import { createStore, type ReadableStore } from '../parts/store.ts'

/** `connecting` at first, `live` while events arrive, `lost` between a disconnect and the next `live`. */
export type LiveState = 'connecting' | 'live' | 'lost'

export type LiveClient = { client: Client; state: ReadableStore<LiveState>; end(): void }

/** The key is wrong, was revoked or has expired (docs/live.md). */
const endOfKey = [4401, 4403]
const longestWaitMs = 5_000
/** The gateway sends a ping every 10 seconds, and answers those of the client. */
const pingEveryMs = 10_000
const silenceMs = 25_000

/** A client that reconnects for as long as the page is open. `onEnd` is called when the key has ended. */
export function createLiveClient(key: string, onEnd: () => void): LiveClient {
  const state = createStore<LiveState>('connecting')
  let lastHeard = Date.now()
  const heard = () => {
    lastHeard = Date.now()
  }
  const client = createClient({
    url: new URL('/graphql', location.href.replace(/^http/, 'ws')).href,
    connectionParams: { authorization: `Bearer ${key}` },
    lazy: false,
    keepAlive: pingEveryMs,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: tries => new Promise(done => setTimeout(done, waitMs(tries))),
    shouldRetry: event => !endOfKey.includes((event as CloseEvent).code),
    onNonLazyError: () => {},
    on: {
      connected() {
        heard()
        state.set('live')
      },
      message: heard,
      closed(event) {
        if (endOfKey.includes((event as CloseEvent).code)) onEnd()
        state.set('lost')
      },
    },
  })
  // A connection that has died without a word, in sleep or behind a router, is cut and made anew.
  const check = () => {
    if (state.get() === 'live' && Date.now() - lastHeard > silenceMs) client.terminate()
  }
  const checking = setInterval(check, pingEveryMs / 2)
  addEventListener('online', check)
  document.addEventListener('visibilitychange', check)
  return {
    client,
    state,
    end() {
      clearInterval(checking)
      removeEventListener('online', check)
      document.removeEventListener('visibilitychange', check)
      // It waits for a socket that is still opening, and fails if that does.
      Promise.resolve(client.dispose()).catch(() => {})
    },
  }
}

/** Twice as long each time, and by chance up to half longer, so that all pages do not come back at once. */
const waitMs = (tries: number) =>
  Math.min(250 * 2 ** Math.min(tries, 10), longestWaitMs) * (1 + Math.random() / 2)
