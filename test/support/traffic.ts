import { randomUUID } from 'node:crypto'
import { expect, onTestFinished } from 'vitest'
import type { OpenDatabase } from '../../src/db/open-database.ts'
import { toCursor } from '../../src/domain/event/cursor.ts'
import { eventCursor } from './conversations.ts'
import { expectExactHistories } from './exact-histories.ts'
import { type Client, client, newConversation, startGateway } from './gateway.ts'
import { expectSound } from './recount.ts'
import { byHand, eventStream, pause, type Subscriber, stockRetry } from './resuming-clients.ts'
import { startWriters } from './writers.ts'

type Given = { workspaceId: string; agentId: string; writers?: number; subscribers?: number }

/**
 * What works with a gateway while something is done to it: writers, subscribers who resume, and senders who repeat each
 * message until it is taken. It stops when the test ends.
 */
export async function startTraffic(
  caller: Client,
  { workspaceId, agentId, writers = 8, subscribers = 10 }: Given,
) {
  const conversations: { id: string; cursor: string }[] = []
  for (let index = 0; index < 12; index++)
    conversations.push(await openedWhenPossible(caller, `c${index % 4}@example.com`))
  const from = conversations.at(-1)?.cursor ?? ''
  const filter = { types: null, conversationId: null, contactId: null }
  const kinds = [stockRetry, byHand, eventStream]
  const listening: Subscriber[] = Array.from({ length: subscribers }, (_, index) =>
    (kinds[index % kinds.length] ?? byHand)([caller.url], caller.key, from, filter),
  )
  onTestFinished(() => {
    for (const subscriber of listening) subscriber.stop()
  })
  const writing = startWriters(writers, { url: caller.url, key: caller.key, conversations, agentId })
  const sending = startSenders(caller, 2)

  const stopChanges = async () => void (await Promise.all([writing.stop(), sending.stop()]))
  const acknowledged = () => writing.acknowledged().size + sending.taken.size
  return {
    answers: writing.answers,
    /** Resolves when this many further changes have been acknowledged. */
    async flows(further = 20): Promise<void> {
      const before = acknowledged()
      await expect.poll(acknowledged).toBeGreaterThan(before + further)
    },
    stopChanges,
    /** Fails unless every change was made, or refused for a while; while the gateway is killed, also cut. */
    expectAnswered({ cut }: { cut: boolean }): void {
      const others = writing.answers.filter(
        ({ status, retryAfter }) =>
          status !== 200 && !(status === 503 && retryAfter) && !(cut && status === 0),
      )
      expect(others.slice(0, 3), `${others.length} of ${writing.answers.length}`).toEqual([])
    },
    /** How many changes were refused for a while. */
    refused: () => writing.answers.filter(({ status }) => status === 503).length,
    /** Stops all changes, and returns when every subscriber has heard of the end of the log. */
    async settle(): Promise<void> {
      await stopChanges()
      await expect
        .poll(async () => {
          const head = await eventCursor(caller).catch(() => null)
          return listening.filter(({ heard }) => heard.at(-1) !== head).length
        })
        .toBe(0)
      for (const subscriber of listening) subscriber.stop()
    },
    /**
     * Fails unless the log is whole and holds every acknowledged change, every subscriber has heard it, the counts are
     * right, and each message was taken once. It closes the database.
     *
     * @returns the number of acknowledged changes
     */
    async expectNothingLost(database: OpenDatabase): Promise<number> {
      await expectExactHistories(database.db, workspaceId, from, listening)
      const gateway = await startGateway({ database })
      onTestFinished(gateway.close)
      await expectSound(database.db, { id: workspaceId, client: client(gateway.url, caller.key) })
      const rows = await database.db
        .selectFrom('event')
        .select(['seq', 'workspace_id'])
        .where('workspace_id', '=', workspaceId)
        .execute()
      const kept = new Set(rows.map(({ seq }) => toCursor({ workspaceId, seq })))
      expect([...writing.acknowledged()].filter(cursor => !kept.has(cursor))).toEqual([])
      const messages = await database.db
        .selectFrom('message')
        .select(['id', 'text'])
        .where('workspace_id', '=', workspaceId)
        .where('text', 'like', 'sent-%')
        .execute()
      const idOf = new Map(messages.map(({ text, id }) => [text, id]))
      expect(messages).toHaveLength(idOf.size)
      expect([...sending.taken].filter(([externalId, id]) => idOf.get(externalId) !== id)).toEqual([])
      await gateway.close()
      return acknowledged()
    },
  }
}

/** Opens a conversation, again and again while the gateway refuses for a while: its first connections may take long. */
async function openedWhenPossible(caller: Client, email: string) {
  for (;;) {
    try {
      return await newConversation(caller, email)
    } catch (error) {
      if (!String(error).includes('"UNAVAILABLE"')) throw error
    }
    await pause(50)
  }
}

const receive = `mutation ($input: ReceiveMessageInput!) { receiveMessage(input: $input) { message { id } } }`

/** Hand in one message after the other, each again and again until it is taken. */
function startSenders(caller: Client, count: number) {
  const run = randomUUID()
  const taken = new Map<string, string>()
  let isOver = false
  async function send(externalId: string): Promise<void> {
    const input = { source: 'EMAIL', email: 'sender@example.com', contentText: externalId, externalId }
    while (!isOver) {
      const answer = await caller
        .graphql<{ receiveMessage: { message: { id: string } | null } | null }>(receive, { input })
        .catch(() => null)
      const id = answer?.data?.receiveMessage?.message?.id
      if (id) return void taken.set(externalId, id)
      await pause(50)
    }
  }
  const sending = Promise.all(
    Array.from({ length: count }, async (_, sender) => {
      for (let index = 0; !isOver; index++) {
        await send(`sent-${run}-${sender}-${index}`)
        await pause(Math.random() * 40)
      }
    }),
  )
  async function stop(): Promise<void> {
    isOver = true
    await sending
  }
  onTestFinished(stop)
  return { taken, stop }
}
