import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Connection } from '../src/db/connect.ts'
import { createConversation } from '../src/domain/conversation/create.ts'
import { setConversationStatus } from '../src/domain/conversation/set-status.ts'
import { logBounds } from '../src/domain/event-cursor.ts'
import { createWorkspace } from '../src/domain/workspace/create.ts'
import { createFeeds, type Feeds } from '../src/live/feeds.ts'
import { createQuestion, type Sink } from '../src/live/question.ts'
import { openDatabase } from './support/databases.ts'

let connection: Connection
let feeds: Feeds
beforeAll(async () => {
  connection = await openDatabase()
  feeds = createFeeds(connection.db, {
    poll: 20,
    onError(error) {
      throw error
    },
  })
})
afterAll(async () => {
  await feeds.close()
  await connection.close()
})

const statusChanges = {
  types: ['CONVERSATION_STATUS_CHANGED' as const],
  conversationId: null,
  contactId: null,
}

/** A question on a workspace's status changes whose answers are held back until they are let go. */
async function ask() {
  const { db } = connection
  const workspaceId = await db.transaction().execute(writer => createWorkspace(writer, { name: 'Acme' }))
  const actor = { workspaceId, id: 'key_test', keyId: 'key_test', scopes: ['read', 'write'] as const }
  const operation = { actor, db, committed: () => feeds.hint(workspaceId) }
  const opened = { email: 'jane@example.com', subject: null, contentText: 'Hello' }
  const { conversation } = await createConversation(operation, opened)
  const conversationId = conversation.id
  const held: (() => void)[] = []
  const executed: number[] = []
  const question = createQuestion({
    execute: event =>
      new Promise(resolve => {
        executed.push(event.seq)
        held.push(() => resolve(String(event.seq)))
      }),
    followFrom: (seq, filter) => feeds.followFrom(workspaceId, seq, filter),
  })
  return {
    executed,
    change: (status: 'OPEN' | 'CLOSED') => setConversationStatus(operation, { conversationId, status }),
    /** Resolves when the feed knows all that has been committed. */
    async caughtUp() {
      const { feed, leave } = await feeds.watch(workspaceId)
      const { head } = await logBounds(db, workspaceId)
      await expect.poll(feed.head).toBe(head)
      leave()
    },
    letGo: () => {
      for (const release of held.splice(0)) release()
    },
    /** Joins with a sink that writes down what it is handed, in which pieces. */
    async join() {
      const pieces: string[][] = []
      const ended: unknown[] = []
      const sink: Sink = {
        send: answers => pieces.push(answers.map(({ text }) => text)),
        sendAndWait: async ({ text }) => void pieces.push([text]),
        isFull: () => false,
        end: error => ended.push(error),
      }
      const place = question.attach(sink, await feeds.follow(workspaceId, null, statusChanges))
      return { pieces, heard: () => pieces.flat().map(Number), ended, ...place }
    },
  }
}

test('whoever comes while the answer of a loop that all have left is on its way hears each event once', async () => {
  const { change, join, letGo, executed } = await ask()
  const first = await join()
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(1)
  first.detach()
  const second = await join()
  await change('OPEN')
  await expect.poll(() => executed.length).toBe(2)
  letGo()
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(3)
  letGo()
  await expect.poll(second.heard).toEqual(executed.slice(1))
  expect(first.heard()).toEqual([])
  expect([...first.ended, ...second.ended]).toEqual([])
  second.detach()
})

test('what waits while an answer is on its way goes out in one piece, to each of 600 once and in order', async () => {
  const { change, join, caughtUp, letGo, executed } = await ask()
  const many = await Promise.all(Array.from({ length: 600 }, join))
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(1)
  for (const status of ['OPEN', 'CLOSED', 'OPEN'] as const) await change(status)
  const late = await join()
  await change('CLOSED')
  await caughtUp()
  letGo()
  await expect.poll(() => executed.length).toBe(5)
  letGo()
  for (const { heard } of many) await expect.poll(heard).toEqual(executed)
  await expect.poll(late.heard).toEqual(executed.slice(4))
  expect(many[0]?.pieces.map(piece => piece.length)).toEqual([1, 4])
  for (const { detach } of [...many, late]) detach()
})
