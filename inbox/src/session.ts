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
  /** Rises with each event that can bring a conversation into a search. */
  searchable: ReadableStore<number>
  end(): void
}

/** Opens the live connection. `onEnd` is called when the key has ended. */
export function createSession(credential: Credential, onEnd: () => void): Session {
  const { client, state } = createLiveClient(credential.key, onEnd)
  const lists = new Set<OpenList>()
  const generation = createStore(0)
  const searchable = createStore(0)
  const environment = createEnvironment({
    key: credential.key,
    client,
    onRead: cursor => follower.readAt(cursor),
  })
  const follower = createFollower({
    environment,
    lists: () => lists,
    onEvent(type) {
      if (type === 'MessageAdded' || type === 'ConversationCreated') searchable.set(searchable.get() + 1)
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
    searchable,
    end() {
      follower.stop()
      void client.dispose()
    },
  }
}
