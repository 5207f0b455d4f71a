import { test as base, expect } from 'vitest'
import type { OpenDatabase } from '../../src/db/open.ts'
import { createAgent } from '../../src/domain/agent/create.ts'
import { assignConversation } from '../../src/domain/conversation/assign.ts'
import { createConversation } from '../../src/domain/conversation/create.ts'
import { setConversationStatus } from '../../src/domain/conversation/set-status.ts'
import { logBounds } from '../../src/domain/event/cursor.ts'
import { createWorkspace } from '../../src/domain/workspace/create.ts'
import { createAnswerMemory } from '../../src/live/answer-memory.ts'
import { createBroadcast, type Subscriber } from '../../src/live/broadcast.ts'
import { createFeeds, type Feeds } from '../../src/live/feeds.ts'
import { openDatabase } from '../support/databases.ts'

const onError = (error: unknown) => {
  throw error
}

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('database', { scope: 'file' }, async ({}, { onCleanup }) => {
    const database = await openDatabase()
    onCleanup(database.close)
    return database
  })
  .extend('feeds', { scope: 'file' }, ({ database }, { onCleanup }) => {
    const feeds = createFeeds(database, { pollEveryMs: 20, onError })
    onCleanup(feeds.close)
    return feeds
  })
  // Feeds that look at the log by themselves only after a time that no test takes.
  .extend('hinted', { scope: 'file' }, ({ database }, { onCleanup }) => {
    const feeds = createFeeds(database, { pollEveryMs: 3_600_000, onError })
    onCleanup(feeds.close)
    return feeds
  })

const statusChanges = {
  types: ['CONVERSATION_STATUS_CHANGED' as const],
  conversationId: null,
  contactId: null,
}

/** A broadcast on a workspace's status changes whose executions are held until they are released. */
async function held({ db }: OpenDatabase, feeds: Feeds) {
  const workspaceId = await db.transaction().execute(writer => createWorkspace(writer, { name: 'Acme' }))
  const actor = { workspaceId, id: 'key_test', keyId: 'key_test', scopes: ['read', 'write'] as const }
  const operation = { actor, db, announce: () => feeds.hint(workspaceId) }
  const agentId = await db
    .transaction()
    .execute(writer => createAgent(writer, workspaceId, { name: 'Ada', email: 'ada@acme.test' }))
  const opened = { email: 'jane@example.com', subject: null, contentText: 'Hello' }
  const { conversation } = await createConversation(operation, opened)
  const conversationId = conversation.id
  const waiting: ((failure?: Error) => void)[] = []
  const executed: number[] = []
  const broadcast = createBroadcast({
    execute: event =>
      new Promise((resolve, reject) => {
        executed.push(event.seq)
        waiting.push(failure => (failure ? reject(failure) : resolve(String(event.seq))))
      }),
    followFrom: (seq, filter) => feeds.followFrom(workspaceId, seq, filter),
    answers: createAnswerMemory().answers(),
  })
  return {
    workspaceId,
    agentId,
    executed,
    change: (status: 'OPEN' | 'CLOSED') => setConversationStatus(operation, { conversationId, status }),
    /** A change that is announced to nobody. */
    changeUnheard: (status: 'OPEN' | 'CLOSED') =>
      setConversationStatus({ ...operation, announce() {} }, { conversationId, status }),
    /** Resolves when the feed knows all that has been announced. */
    async caughtUp() {
      const { feed, leave } = await feeds.watch(workspaceId)
      const { head } = await logBounds(db, workspaceId)
      await expect.poll(feed.head).toBe(head)
      leave()
    },
    release: (failure?: Error) => {
      for (const settle of waiting.splice(0)) settle(failure)
    },
    /** A change that is no event of the broadcast. */
    assign: (agentId: string | null) => assignConversation(operation, { conversationId, agentId }),
    /** Joins with a subscriber that keeps the pieces it was handed. */
    async join(follower = feeds.follow(workspaceId, null, statusChanges)) {
      const pieces: string[][] = []
      const ended: unknown[] = []
      const socket = { full: false }
      /** Its position right after each look at whether it is full. */
      const positions: number[] = []
      const subscriber: Subscriber = {
        send: answers => pieces.push(answers.map(({ text }) => text)),
        sendAndWait: async make => void pieces.push([(await make()).text]),
        isFull() {
          queueMicrotask(() => positions.push(subscription.position()))
          return socket.full
        },
        end: error => ended.push(error),
      }
      const subscription = broadcast.subscribe(subscriber, await follower)
      return { pieces, socket, positions, heard: () => pieces.flat().map(Number), ended, ...subscription }
    },
  }
}

test('a subscriber that joins while an abandoned loop still executes an event hears each event once', async ({
  database,
  feeds,
}) => {
  const { change, join, release, executed } = await held(database, feeds)
  const first = await join()
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(1)
  first.unsubscribe()
  const second = await join()
  await change('OPEN')
  await expect.poll(() => executed.length).toBe(2)
  release()
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(3)
  release()
  await expect.poll(second.heard).toEqual(executed.slice(1))
  expect(first.heard()).toEqual([])
  expect([...first.ended, ...second.ended]).toEqual([])
  second.unsubscribe()
})

test('events that wait for an execution go out in one piece, to each of 600 subscribers once and in order', async ({
  database,
  feeds,
}) => {
  const { change, join, caughtUp, release, executed } = await held(database, feeds)
  const many = await Promise.all(Array.from({ length: 600 }, () => join()))
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(1)
  for (const status of ['OPEN', 'CLOSED', 'OPEN'] as const) await change(status)
  const late = await join()
  await change('CLOSED')
  await caughtUp()
  release()
  await expect.poll(() => executed.length).toBe(5)
  release()
  for (const { heard } of many) await expect.poll(heard).toEqual(executed)
  await expect.poll(late.heard).toEqual(executed.slice(4))
  expect(many[0]?.pieces.map(piece => piece.length)).toEqual([1, 4])
  for (const { unsubscribe } of [...many, late]) unsubscribe()
})

test('a subscriber ahead of the feed delays no later subscriber', async ({ database, hinted }) => {
  const { workspaceId, change, changeUnheard, join, release, executed } = await held(database, hinted)
  const { feed, leave } = await hinted.watch(workspaceId)
  await changeUnheard('CLOSED')
  const from = (seq: number) => join(hinted.followFrom(workspaceId, seq, statusChanges))
  const beyond = await from(feed.head() + 1)
  const atHead = await from(feed.head())
  await change('OPEN')
  await expect.poll(() => executed.length).toBeGreaterThan(0)
  for (const { heard } of [beyond, atHead])
    await expect
      .poll(() => {
        release()
        return heard().at(-1)
      })
      .toBe(feed.head())
  expect(atHead.heard()).toEqual([feed.head() - 1, feed.head()])
  expect(beyond.heard()).toEqual([feed.head()])
  for (const { unsubscribe } of [beyond, atHead]) unsubscribe()
  leave()
})

test('a subscriber that joins at the head updates a feed that has missed a hint', async ({
  database,
  hinted,
}) => {
  const { workspaceId, changeUnheard, join, caughtUp } = await held(database, hinted)
  const { leave } = await hinted.watch(workspaceId)
  await changeUnheard('CLOSED')
  const { unsubscribe } = await join()
  await caughtUp()
  unsubscribe()
  leave()
})

test('a subscriber that ended with an error hears nothing more when others subscribe again', async ({
  database,
  feeds,
}) => {
  const { change, join, caughtUp, release, executed } = await held(database, feeds)
  const first = await join()
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(1)
  const failure = new Error('The database is away.')
  release(failure)
  await expect.poll(() => first.ended).toEqual([failure])
  const second = await join()
  await change('OPEN')
  await caughtUp()
  await expect.poll(() => executed.length).toBe(2)
  release()
  await expect.poll(second.heard).toEqual(executed.slice(1))
  expect(first.heard()).toEqual([])
  for (const { unsubscribe } of [first, second]) unsubscribe()
})

test('a position never goes back, also when a full socket leaves the loop', async ({ database, feeds }) => {
  const { agentId, change, assign, join, caughtUp, release, executed } = await held(database, feeds)
  const { position, positions, heard, socket, unsubscribe } = await join()
  const begun = position()
  await assign(agentId)
  await caughtUp()
  await expect.poll(position).toBeGreaterThan(begun)
  const before = position()
  socket.full = true
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(1)
  release()
  await expect.poll(heard).toEqual(executed)
  expect(positions.length).toBeGreaterThan(0)
  expect(Math.min(...positions)).toBeGreaterThanOrEqual(before)
  unsubscribe()
})
