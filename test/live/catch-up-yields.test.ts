import { expect } from 'vitest'
import { eventCursor, turn } from '../support/conversations.ts'
import { newConversation } from '../support/gateway.ts'
import { overSocket, socketClient } from '../support/live.ts'
import { test } from '../support/live-fixtures.ts'

test('a catch-up lets other work of the process have a turn after each event', async ({
  acme: { client },
}) => {
  const after = await eventCursor(client)
  const { id } = await newConversation(client)
  await turn(client, id, 300)
  let turns = 0
  let isOver = false
  const countTurns = () => {
    turns++
    if (!isOver) setImmediate(countTurns)
  }
  const heard = overSocket(
    socketClient(client),
    'subscription ($after: EventCursor) { conversationEvents(after: $after) { cursor } }',
    { after },
  )
  await heard.until(1)
  const missing = 302 - heard.events.length
  countTurns()
  await heard.until(302)
  isOver = true
  expect(turns).toBeGreaterThanOrEqual(missing)
})
