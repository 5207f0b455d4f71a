import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection } from '../src/db/connect.ts'
import { createAgent } from '../src/domain/agent/create.ts'
import { assignConversation } from '../src/domain/conversation/assign.ts'
import { createConversation } from '../src/domain/conversation/create.ts'
import { setConversationStatus } from '../src/domain/conversation/set-status.ts'
import { logBounds } from '../src/domain/event-cursor.ts'
import { createWorkspace } from '../src/domain/workspace/create.ts'
import { type Answers, createAnswerMemory } from '../src/live/answers.ts'
import { createFeeds, type Feeds } from '../src/live/feeds.ts'
import { createQuestion, type Sink } from '../src/live/question.ts'
import { openDatabase } from './support/databases.ts'

let connection: Connection
let feeds: Feeds
/** Feeds that look by themselves only after a time that no test takes. */
let hinted: Feeds
beforeAll(async () => {
  connection = await openDatabase()
  const onError = (error: unknown) => {
    throw error
  }
  feeds = createFeeds(connection.db, { poll: 20, onError })
  hinted = createFeeds(connection.db, { poll: 60_000, onError })
})
afterAll(async () => {
  await Promise.all([feeds.close(), hinted.close()])
  await connection.close()
})

const statusChanges = {
  types: ['CONVERSATION_STATUS_CHANGED' as const],
  conversationId: null,
  contactId: null,
}

/** A question on a workspace's status changes whose answers are held back until they are let go. */
async function ask(feeds: Feeds) {
  const { db } = connection
  const workspaceId = await db.transaction().execute(writer => createWorkspace(writer, { name: 'Acme' }))
  const actor = { workspaceId, id: 'key_test', keyId: 'key_test', scopes: ['read', 'write'] as const }
  const operation = { actor, db, committed: () => feeds.hint(workspaceId) }
  const agentId = await db
    .transaction()
    .execute(writer => createAgent(writer, workspaceId, { name: 'Ada', email: 'ada@acme.test' }))
  const opened = { email: 'jane@example.com', subject: null, contentText: 'Hello' }
  const { conversation } = await createConversation(operation, opened)
  const conversationId = conversation.id
  const held: ((failure?: Error) => void)[] = []
  const executed: number[] = []
  const question = createQuestion({
    execute: event =>
      new Promise((resolve, reject) => {
        executed.push(event.seq)
        held.push(failure => (failure ? reject(failure) : resolve(String(event.seq))))
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
      setConversationStatus({ ...operation, committed() {} }, { conversationId, status }),
    /** Resolves when the feed knows all that has been committed. */
    async caughtUp() {
      const { feed, leave } = await feeds.watch(workspaceId)
      const { head } = await logBounds(db, workspaceId)
      await expect.poll(feed.head).toBe(head)
      leave()
    },
    letGo: (failure?: Error) => {
      for (const release of held.splice(0)) release(failure)
    },
    /** A change of which the question does not tell. */
    assign: (agentId: string | null) => assignConversation(operation, { conversationId, agentId }),
    /** Joins with a sink that writes down what it is handed, in which pieces. */
    async join(follower = feeds.follow(workspaceId, null, statusChanges)) {
      const pieces: string[][] = []
      const ended: unknown[] = []
      const socket = { full: false }
      /** Where it stood right after each time it was asked whether it is full. */
      const positions: number[] = []
      const sink: Sink = {
        send: answers => pieces.push(answers.map(({ text }) => text)),
        sendAndWait: async ({ text }) => void pieces.push([text]),
        isFull() {
          queueMicrotask(() => positions.push(place.position()))
          return socket.full
        },
        end: error => ended.push(error),
      }
      const place = question.attach(sink, await follower)
      return { pieces, socket, positions, heard: () => pieces.flat().map(Number), ended, ...place }
    },
  }
}

test('whoever comes while the answer of a loop that all have left is on its way hears each event once', async () => {
  const { change, join, letGo, executed } = await ask(feeds)
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
  const { change, join, caughtUp, letGo, executed } = await ask(feeds)
  const many = await Promise.all(Array.from({ length: 600 }, () => join()))
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

test('whoever stands beyond the feed holds up nobody who comes after it', async () => {
  const { workspaceId, change, changeUnheard, join, letGo, executed } = await ask(hinted)
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
        letGo()
        return heard().at(-1)
      })
      .toBe(feed.head())
  expect(atHead.heard()).toEqual([feed.head() - 1, feed.head()])
  expect(beyond.heard()).toEqual([feed.head()])
  for (const { detach } of [beyond, atHead]) detach()
  leave()
})

test('whoever comes from now on tells a feed that has missed a hint', async () => {
  const { workspaceId, changeUnheard, join, caughtUp } = await ask(hinted)
  const { leave } = await hinted.watch(workspaceId)
  await changeUnheard('CLOSED')
  const { detach } = await join()
  await caughtUp()
  detach()
  leave()
})

test('whoever was told that the answers have failed hears nothing more, though others ask again', async () => {
  const { change, join, caughtUp, letGo, executed } = await ask(feeds)
  const first = await join()
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(1)
  const failure = new Error('The database is away.')
  letGo(failure)
  await expect.poll(() => first.ended).toEqual([failure])
  const second = await join()
  await change('OPEN')
  await caughtUp()
  await expect.poll(() => executed.length).toBe(2)
  letGo()
  await expect.poll(second.heard).toEqual(executed.slice(1))
  expect(first.heard()).toEqual([])
  for (const { detach } of [first, second]) detach()
})

test('a position never goes back, also when a full socket leaves the others', async () => {
  const { agentId, change, assign, join, caughtUp, letGo, executed } = await ask(feeds)
  const { position, positions, heard, socket, detach } = await join()
  const begun = position()
  await assign(agentId)
  await caughtUp()
  await expect.poll(position).toBeGreaterThan(begun)
  const before = position()
  socket.full = true
  await change('CLOSED')
  await expect.poll(() => executed.length).toBe(1)
  letGo()
  await expect.poll(heard).toEqual(executed)
  expect(positions.length).toBeGreaterThan(0)
  expect(Math.min(...positions)).toBeGreaterThanOrEqual(before)
  detach()
})

describe('what is kept of answers', () => {
  const text = 'x'.repeat(1_000)
  const make = async () => ({ text, cursor: null })

  test('goes away by itself, and is made again for whoever asks later', async () => {
    const memory = createAnswerMemory({ lifetime: 300 })
    const answers = memory.answers()
    let made = 0
    const count = () => {
      made++
      return make()
    }
    for (const seq of [1, 2, 2]) await answers.get(seq, count)
    expect(made).toBe(2)
    expect(memory.characters()).toBeGreaterThan(2 * text.length)
    await expect.poll(memory.characters).toBe(0)
    await answers.get(2, count)
    expect(made).toBe(3)
    await expect.poll(memory.characters).toBe(0)
  })

  test('is bounded over all questions, and the oldest goes first', async () => {
    const memory = createAnswerMemory({ most: 20_000 })
    const questions = Array.from({ length: 100 }, () => memory.answers())
    for (const answers of questions) {
      await answers.get(1, make)
      expect(memory.characters()).toBeLessThanOrEqual(20_000)
    }
    const isKept = async (answers: Answers | undefined) => {
      let made = false
      const remake = () => {
        made = true
        return make()
      }
      await answers?.get(1, remake)
      return !made
    }
    expect(await isKept(questions.at(-1))).toBe(true)
    expect(await isKept(questions[0])).toBe(false)
  })

  test('is no answer that has failed', async () => {
    const memory = createAnswerMemory()
    const answers = memory.answers()
    const failing = answers.get(1, () => Promise.reject(new Error('away')))
    await expect(failing).rejects.toThrow('away')
    expect(memory.characters()).toBe(0)
    expect((await answers.get(1, make)).text).toBe(text)
  })
})
