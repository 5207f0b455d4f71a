import { test as base, expect } from 'vitest'
import type { OpenDatabase } from '../../src/db/open-database.ts'
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
import { openDatabase } from './databases.ts'

const onError = (error: unknown) => {
  throw error
}

/** A database with the pages counted that followers read, and feeds on it. */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('database', { scope: 'file' }, async ({}, { onCleanup }) => {
    const pagesRead = { count: 0 }
    const database = await openDatabase({
      log({ query: { sql } }) {
        // A page of certain types. A feed reads every type, after each hint, which may come late.
        if (/unnest.* from "event" .*order by "seq" limit/.test(sql)) pagesRead.count++
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

export const statusChanges = {
  types: ['CONVERSATION_STATUS_CHANGED' as const],
  conversationId: null,
  contactId: null,
}

/** A broadcast on a workspace's status changes whose executions are held until they are released. */
export async function held({ db }: OpenDatabase, feeds: Feeds) {
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
    onSent() {},
    catchUps,
  })
  return {
    workspaceId,
    agentId,
    executed,
    catchUps,
    behind: broadcast.behind,
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
