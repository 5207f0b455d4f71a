import type { Environment } from 'relay-runtime'
import type { Credential } from './credential.ts'
import { createEnvironment } from './graph/environment.ts'
import type { OpenList } from './live/apply-event.ts'
import { createLiveClient, type LiveState } from './live/client.ts'
import { createFollower, type Follower } from './live/follow.ts'
import { createStore, type ReadableStore } from './parts/store.ts'

/** What the page has while it is signed in with one key. */
export type Session = {
  credential: Credential
  environment: Environment
  follower: Follower
  liveState: ReadableStore<LiveState>
  /** The lists on the page. A list adds itself while it is shown. */
  lists: Set<OpenList>
  /** Rises when everything must be read again, because events were missed for good. */
  generation: ReadableStore<number>
  /** How many events were applied. */
  events: ReadableStore<number>
  /** The idempotency keys of the texts that are on their way. */
  sending: Set<string>
  end(): void
}

/** Opens the live connection. `onEnd` is called when the key has ended. */
export function createSession(credential: Credential, onEnd: () => void): Session {
  const { client, state, end } = createLiveClient(credential.key, onEnd)
  const lists = new Set<OpenList>()
  const generation = createStore(0)
  const events = createStore(0)
  const environment = createEnvironment({
    key: credential.key,
    client,
    position: () => follower.position(),
    onRead: cursor => follower.readAt(cursor),
  })
  const follower = createFollower({
    environment,
    lists: () => lists,
    onEvent() {
      events.set(events.get() + 1)
      if (events.get() % collectEvery === 0) collectUnused(environment)
    },
    onGap() {
      follower.stop()
      generation.set(generation.get() + 1)
    },
  })
  return {
    credential,
    environment,
    follower,
    liveState: state,
    lists,
    generation,
    events,
    sending: new Set(),
    end() {
      follower.stop()
      end()
    },
  }
}

const collectEvery = 200

/** Relay collects records only when a query is released, and a page may show one list for days. */
function collectUnused(environment: Environment): void {
  const store = environment.getStore() as { scheduleGC?(): void }
  store.scheduleGC?.()
}
