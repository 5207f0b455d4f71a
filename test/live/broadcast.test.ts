import { test as base, expect } from 'vitest'
import type { OpenDatabase } from '../../src/db/open.ts'
import { createAgent } from '../../src/domain/agent/create.ts'
import { assignConversation } from '../../src/domain/conversation/assign.ts'
import { createConversation } from '../../src/domain/conversation/create.ts'
import { setConversationStatus } from '../../src/domain/conversation/set-status.ts'
import { logBounds } from '../../src/domain/event/cursor.ts'
import { createWorkspace } from '../../src/domain/workspace/create.ts'
import { createAnswerMemory } from '../../src/live/answer-memory.ts'
import { createBroadcast } from '../../src/live/broadcast.ts'
import { createFeeds, type Feeds } from '../../src/live/feeds.ts'
import type { Subscriber } from '../../src/live/subscriber.ts'
import { createQuota } from '../../src/runtime/quota.ts'
import { openDatabase } from '../support/databases.ts'

const onError = (error: unknown) => {
  throw error
}

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('database', { scope: 'file' }, async ({}, { onCleanup }) => {
    const pagesRead = { count: 0 }
    const database = await openDatabase({
      log({ query: { sql } }) {
        if (/from "event" .*order by "seq" limit/.test(sql)) pagesRead.count++
      },
    })
    onCleanup(database.close)
    return { ...database, pagesRead }
  })
  // Feeds that keep nothing in memory, so that every catch-up reads the log.
  .extend('forgetful', { scope: 'file' }, ({ database }, { onCleanup }) => {
    const feeds = createFeeds(database, { pollEveryMs: 3_600_000, ringSize: 0, onError })
    onCleanup(feeds.close)
    return feeds
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
  const catchUps = createQuota(4)
  const broadcast = createBroadcast({
    execute: event =>
      new Promise((resolve, reject) => {
        executed.push(event.seq)
        waiting.push(failure => (failure ? reject(failure) : resolve(String(event.seq))))
      }),
    followFrom: feeds.followFrom,
    answers: createAnswerMemory().answers(),
    catchUps,
  })
  return {
    workspaceId,
    agentId,
    executed,
    catchUps,
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
    async join(follower = feeds.follow({ workspaceId, keyId: 'key_test', filter: statusChanges }, null)) {
      const pieces: string[][] = []
      const ended: unknown[] = []
      /** `taken` resolves when it takes what it was sent. */
      const socket = { full: false, taken: Promise.resolve() }
      /** Its position right after each look at whether it is full. */
      const positions: number[] = []
      const subscriber: Subscriber = {
        send: answers => pieces.push(answers.map(({ text }) => text)),
        async sendAndWait(make) {
          pieces.push([(await make()).text])
          await socket.taken
        },
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
  const from = (seq: number) =>
    join(hinted.followFrom({ workspaceId, keyId: 'key_test', filter: statusChanges }, seq))
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

test('of many catch-ups of one key a few are in work, and the others read nothing meanwhile', async ({
  database,
  forgetful,
}) => {
  const { workspaceId, change, join, release, executed, caughtUp } = await held(database, forgetful)
  const { leave } = await forgetful.watch(workspaceId)
  await change('CLOSED')
  await change('OPEN')
  await caughtUp()
  const before = database.pagesRead.count
  const from = (keyId: string) => join(forgetful.followFrom({ workspaceId, keyId, filter: statusChanges }, 0))
  const many = await Promise.all(Array.from({ length: 40 }, () => from('key_greedy')))
  await expect.poll(() => database.pagesRead.count - before).toBe(4)
  await expect.poll(() => executed.length).toBe(1)
  const other = await from('key_other')
  await expect.poll(() => database.pagesRead.count - before).toBe(5)
  const all = [...many, other]
  await expect
    .poll(() => {
      release()
      return all.filter(({ heard }) => heard().length === 2).length
    })
    .toBe(41)
  for (const { heard } of all) expect(heard()).toEqual([...new Set(executed)])
  for (const { unsubscribe } of all) unsubscribe()
  leave()
})

test('a catch-up whose client does not read leaves its turn to others', async ({ database, forgetful }) => {
  const { workspaceId, change, join, release, executed, caughtUp } = await held(database, forgetful)
  const { leave } = await forgetful.watch(workspaceId)
  await change('CLOSED')
  await caughtUp()
  const from = () => join(forgetful.followFrom({ workspaceId, keyId: 'key_test', filter: statusChanges }, 0))
  const stalled = await Promise.all(Array.from({ length: 4 }, from))
  for (const { socket } of stalled) {
    socket.full = true
    socket.taken = new Promise(() => {})
  }
  await expect.poll(() => executed.length).toBe(1)
  release()
  for (const { heard } of stalled) await expect.poll(heard).toEqual(executed)
  const reading = await from()
  await expect.poll(reading.heard).toEqual(executed)
  for (const { unsubscribe } of [...stalled, reading]) unsubscribe()
  leave()
})

test('a catch-up that ends while it waits for its turn is forgotten at once', async ({
  database,
  forgetful,
}) => {
  const { workspaceId, change, join, release, executed, caughtUp, catchUps } = await held(database, forgetful)
  const { leave } = await forgetful.watch(workspaceId)
  await change('CLOSED')
  await caughtUp()
  const from = () => join(forgetful.followFrom({ workspaceId, keyId: 'key_test', filter: statusChanges }, 0))
  const inWork = await Promise.all(Array.from({ length: 4 }, from))
  await expect.poll(() => executed.length).toBe(1)
  const waiting = await Promise.all(Array.from({ length: 100 }, from))
  await expect.poll(() => catchUps.isWaitedFor('key_test')).toBe(true)
  for (const { unsubscribe } of waiting) unsubscribe()
  expect(catchUps.isWaitedFor('key_test')).toBe(false)
  release()
  for (const { heard, unsubscribe } of inWork) {
    await expect.poll(heard).toEqual(executed)
    unsubscribe()
  }
  for (const { ended } of waiting) expect(ended).toEqual([])
  leave()
})

test('catch-ups whose events take long leave their turns to another one', async ({ database, forgetful }) => {
  const { workspaceId, change, join, release, executed, caughtUp } = await held(database, forgetful)
  const { leave } = await forgetful.watch(workspaceId)
  await change('CLOSED')
  await change('OPEN')
  await caughtUp()
  const before = database.pagesRead.count
  const from = () => join(forgetful.followFrom({ workspaceId, keyId: 'key_test', filter: statusChanges }, 0))
  const slow = await Promise.all(Array.from({ length: 4 }, from))
  await expect.poll(() => executed.length).toBe(1)
  const began = performance.now()
  const waiting = await from()
  await expect.poll(() => performance.now() - began).toBeGreaterThan(10_000)
  expect(database.pagesRead.count - before).toBe(4)
  release()
  await expect.poll(waiting.heard).toEqual(executed.slice(0, 1))
  for (const { unsubscribe } of [...slow, waiting]) unsubscribe()
  release()
  leave()
})
