import { expect } from 'vitest'
import { eventCursor } from '../support/conversations.ts'
import { startedWith } from '../support/fixtures.ts'
import { newConversation } from '../support/gateway.ts'
import { overSocket, socketClient } from '../support/live.ts'
import { test as base } from '../support/live-fixtures.ts'

/** Room for one large answer at a time. */
const test = startedWith(base, { limits: { maxAnswerBytes: 400_000, maxUnsentBytesPerKey: 500_000 } })

test('large answers to events that find no room beside others are made one after the other, and none is lost', async ({
  acme: { client },
}) => {
  const after = await eventCursor(client)
  for (let index = 0; index < 4; index++)
    await newConversation(client, `jane${index}@example.com`, 'x'.repeat(90_000))
  // Four different subscriptions, each of which executes every event by itself.
  const all = ['a', 'b', 'c', 'd'].map(alias =>
    overSocket<{ message: { text: string } }>(
      socketClient(client),
      `subscription ($after: EventCursor) { conversationEvents(types: [MESSAGE_ADDED], after: $after) {
        cursor ... on MessageAdded { message { text ${alias}: text c${alias}: text } } } }`,
      { after },
    ),
  )
  for (const heard of all) {
    expect((await heard.until(4)).map(({ message }) => message.text.length)).toEqual(Array(4).fill(90_000))
    expect(heard.errors).toEqual([])
  }
})
