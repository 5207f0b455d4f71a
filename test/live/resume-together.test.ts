import { expect } from 'vitest'
import { eventCursor, turn } from '../support/conversations.ts'
import { startedWith } from '../support/fixtures.ts'
import { newConversation } from '../support/gateway.ts'
import { overSocket, socketClient, statusChanges } from '../support/live.ts'
import { test as base, subscribed } from '../support/live-fixtures.ts'

const statements: string[] = []
const test = startedWith(base, { onStatement: event => statements.push(event.query.sql) })

const boundsRead = () =>
  statements.filter(statement => /^select "event_seq" as "head", "event_floor"/.test(statement)).length

test('subscribers that resume together share their first reads, and miss nothing', async ({
  gateway,
  acme: { client: caller },
}) => {
  const { id } = await newConversation(caller)
  const socket = socketClient(caller)
  const first = overSocket(socket, statusChanges)
  await subscribed(gateway, 1)
  const cursor = await eventCursor(caller)
  await turn(caller, id, 1)
  await first.until(1)
  const after = await eventCursor(caller)
  statements.length = 0
  const resumed = Array.from({ length: 80 }, () => overSocket(socket, statusChanges, { after }))
  await turn(caller, id, 1)
  for (const heard of resumed) await heard.until(1)
  expect(boundsRead()).toBeLessThan(40)
  const behind = Array.from({ length: 10 }, () => overSocket(socket, statusChanges, { after: cursor }))
  for (const heard of behind) expect(await heard.until(2)).toEqual(first.events)
  for (const heard of resumed) expect(heard.events).toEqual(first.events.slice(1))
})
