import { expect } from 'vitest'
import { turn } from './conversations.ts'
import { conversationEvents, type Heard, type LiveEvent, overSocket, socketClient } from './live.ts'
import { test as base, subscribed } from './live-fixtures.ts'
import { filledWorkspace } from './two-workspaces.ts'

/** Two filled workspaces, and a subscriber of the foreign one, who hears nothing of what is done in the own one. */
export const test = base
  .extend('own', ({ gateway }) => filledWorkspace(gateway, 'own@example.com'))
  .extend('foreign', ({ gateway }) => filledWorkspace(gateway, 'foreign@example.com'))
  .extend('heardNothing', async ({ gateway, foreign, nobodyLeft: _ }) => {
    const heard: Heard<LiveEvent> = overSocket<LiveEvent>(socketClient(foreign.client), conversationEvents)
    await subscribed(gateway, 1)
    /** Makes a change in the foreign workspace. It must be the first that the subscriber hears of. */
    return async () => {
      const cursors = await turn(foreign.client, foreign.ids.conversation, 1)
      expect((await heard.until(1)).map(({ cursor }) => cursor)).toEqual(cursors)
    }
  })
