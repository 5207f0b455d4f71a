import { test as base, describe, expect } from 'vitest'
import type { Db } from '../../src/db/db.ts'
import { createConversation } from '../../src/domain/conversation/create.ts'
import { setConversationStatus } from '../../src/domain/conversation/set-status.ts'
import { createWorkspace } from '../../src/domain/workspace/create.ts'
import { createAnswerMemory } from '../../src/live/answer-memory.ts'
import { createBroadcast } from '../../src/live/broadcast.ts'
import { createFeeds, type Feeds } from '../../src/live/feeds.ts'
import type { Follower } from '../../src/live/follow.ts'
import {
  type SubscriberChange,
  type SubscriberState,
  stateAfter,
  transitions,
} from '../../src/live/subscriber-state.ts'
import { createQuota } from '../../src/runtime/quota.ts'
import { openDatabase } from '../support/databases.ts'

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('database', { scope: 'file' }, async ({}, { onCleanup }) => {
    const database = await openDatabase()
    onCleanup(database.close)
    return database
  })
  .extend('room', { scope: 'file' }, ({ database }, { onCleanup }): Room => {
    const feeds = createFeeds(database, {
      onError(error) {
        throw error
      },
    })
    onCleanup(feeds.close)
    return { db: database.db, feeds }
  })

/** Where a subscriber lives. */
type Room = { db: Db; feeds: Feeds }

const statusChanges = {
  types: ['CONVERSATION_STATUS_CHANGED' as const],
  conversationId: null,
  contactId: null,
}

/** A subscriber whose every step waits until the test lets it go on. */
async function newSubscriber({ db, feeds }: Room) {
  const workspaceId = await db.transaction().execute(writer => createWorkspace(writer, { name: 'Acme' }))
  const actor = { workspaceId, id: 'key_test', keyId: 'key_test', scopes: ['read', 'write'] as const }
  const operation = { actor, db, announce: () => feeds.hint(workspaceId) }
  const { conversation, cursor } = await createConversation(operation, {
    email: 'jane@example.com',
    subject: null,
    contentText: 'Hello',
  })
  const sent: number[] = []
  const errors: unknown[] = []
  const socket = { isFull: true, taken: Promise.withResolvers<void>() }
  const answers = { failure: null as Error | null }
  const reopening = { follower: null as Follower | null, done: Promise.withResolvers<void>() }
  const broadcast = createBroadcast({
    async execute({ seq }) {
      if (answers.failure) throw answers.failure
      return String(seq)
    },
    async followFrom(following, seq) {
      await reopening.done.promise
      reopening.follower = await feeds.followFrom(following, seq)
      return reopening.follower
    },
    answers: createAnswerMemory({ lifetimeMs: 1 }).answers(),
    onSent() {},
    catchUps: createQuota(4),
  })
  const subscriber = {
    send: (given: { text: string }[]) => sent.push(...given.map(({ text }) => Number(text))),
    async sendAndWait(make: () => Promise<{ text: string }>) {
      const { text } = await make()
      sent.push(Number(text))
      await socket.taken.promise
    },
    isFull: () => socket.isFull,
    end: (error: unknown) => errors.push(error),
  }
  let isOpen = false
  const change = async () => {
    isOpen = !isOpen
    const status = isOpen ? 'CLOSED' : 'OPEN'
    await setConversationStatus(operation, { conversationId: conversation.id, status })
  }
  const subscribe = async (after: string | null) =>
    broadcast.subscribe(
      subscriber,
      await feeds.follow({ workspaceId, keyId: 'key_test', filter: statusChanges }, after),
    )
  return { cursor, sent, errors, socket, answers, reopening, change, subscribe }
}

type Harness = Awaited<ReturnType<typeof newSubscriber>> & Awaited<ReturnType<typeof catchingUp>>

/** It resumes at an event, and its socket has not taken the answer yet. */
async function catchingUp(room: Room) {
  const harness = await newSubscriber(room)
  await harness.change()
  const subscription = await harness.subscribe(harness.cursor)
  await expect.poll(() => harness.sent.length).toBe(1)
  return { ...harness, ...subscription }
}

async function live(room: Room): Promise<Harness> {
  const harness = await catchingUp(room)
  harness.socket.taken.resolve()
  harness.socket.isFull = false
  await expect.poll(harness.state).toBe('live')
  return harness
}

async function draining(room: Room): Promise<Harness> {
  const harness = await live(room)
  harness.socket.isFull = true
  await harness.change()
  await expect.poll(harness.state).toBe('draining')
  return harness
}

async function ended(room: Room): Promise<Harness> {
  const harness = await draining(room)
  harness.unsubscribe()
  expect(harness.state()).toBe('ended')
  return harness
}

/** How a subscriber gets into each state. */
const into: Record<SubscriberState, (room: Room) => Promise<Harness>> = { catchingUp, live, draining, ended }

/** How each change happens in each state; null: it cannot. */
const changes: Record<
  SubscriberState,
  Record<SubscriberChange, ((harness: Harness) => Promise<unknown> | unknown) | null>
> = {
  catchingUp: {
    caughtUp: ({ socket }) => socket.taken.resolve(),
    full: null,
    resumed: null,
    async failed({ answers, change, socket }) {
      answers.failure = new Error('The database is away.')
      await change()
      socket.taken.resolve()
    },
    unsubscribed: ({ unsubscribe }) => unsubscribe(),
  },
  live: {
    caughtUp: null,
    async full({ socket, change }) {
      socket.isFull = true
      await change()
    },
    resumed: null,
    async failed({ answers, change }) {
      answers.failure = new Error('The database is away.')
      await change()
    },
    unsubscribed: ({ unsubscribe }) => unsubscribe(),
  },
  draining: {
    caughtUp: null,
    full: null,
    resumed({ reopening, socket }) {
      socket.taken = Promise.withResolvers<void>()
      reopening.done.resolve()
    },
    failed: ({ reopening }) => reopening.done.reject(new Error('The database is away.')),
    unsubscribed: ({ unsubscribe }) => unsubscribe(),
  },
  ended: {
    caughtUp: ({ socket }) => socket.taken.resolve(),
    async full({ socket, change }) {
      socket.isFull = true
      await change()
    },
    async resumed({ reopening }) {
      reopening.done.resolve()
      // The follower that was being opened is closed.
      await expect.poll(() => reopening.follower?.ended()).toBe(true)
    },
    failed: ({ reopening }) => reopening.done.reject(new Error('The database is away.')),
    unsubscribed: ({ unsubscribe }) => unsubscribe(),
  },
}

const cases = (Object.keys(transitions) as SubscriberState[]).flatMap(state =>
  (Object.keys(transitions[state]) as SubscriberChange[]).map(change => ({
    state,
    change,
    next: transitions[state][change],
  })),
)

describe('a subscriber', () => {
  test.for(cases)('that is $state and then $change is $next', async ({ state, change, next }, { room }) => {
    const cause = changes[state][change]
    expect(cause === null).toBe(next === null)
    if (cause === null) return expect(() => stateAfter(state, change)).toThrow()
    const harness = await into[state](room)
    expect(harness.state()).toBe(state)
    await cause(harness)
    await expect.poll(harness.state).toBe(next)
    expect(harness.errors.length).toBe(change === 'failed' && state !== 'ended' ? 1 : 0)
    harness.unsubscribe()
  })

  test('that goes through all states gets every event once and in order', async ({ room }) => {
    const harness = await draining(room)
    harness.socket.isFull = false
    await harness.change()
    harness.reopening.done.resolve()
    await expect.poll(harness.state).toBe('live')
    await harness.change()
    // The first change follows the two events of the conversation's beginning.
    await expect.poll(() => harness.sent).toEqual([3, 4, 5, 6])
    expect(harness.position()).toBe(6)
    harness.unsubscribe()
  })
})
