import { expect, onTestFinished } from 'vitest'
import { deleteOldEvents } from '../../src/domain/event/retention.ts'
import { change, eventCursor } from '../support/conversations.ts'
import { openDatabase } from '../support/databases.ts'
import { newConversation, newWorkspace, startGateway } from '../support/gateway.ts'
import { conversationEvents, type LiveEvent, overSocket, socketClient } from '../support/live.ts'
import { test } from '../support/live-fixtures.ts'

test('events past their time are deleted, and a subscriber with an older cursor is refused', async ({
  gateway,
  acme,
}) => {
  const { id: workspaceId, client: caller } = acme
  const old = await eventCursor(caller)
  const { id } = await newConversation(caller)
  await change(caller, id, 'CLOSED', null)
  const events = gateway.db.updateTable('event').where('workspace_id', '=', workspaceId)
  await events
    .set({ created_at: new Date(Date.now() - 40 * 86_400_000) })
    .where('seq', '<=', 3)
    .execute()
  const remove = () => gateway.db.transaction().execute(writer => deleteOldEvents(writer, workspaceId, 30))
  expect([await remove(), await remove()]).toEqual([3, 0])
  const expired = overSocket<LiveEvent>(socketClient(caller), conversationEvents, { after: old })
  await expired.ended
  expect(expired.errors[0]?.[0]?.extensions).toMatchObject({ code: 'CURSOR_EXPIRED' })
  const kept = overSocket<LiveEvent>(socketClient(caller), conversationEvents, {
    after: `${old.slice(0, -1)}3`,
  })
  expect((await kept.until(1)).map(({ __typename }) => __typename)).toEqual(['ConversationStatusChanged'])
})

test('a gateway that keeps events for some days deletes the older ones by itself', async () => {
  const database = await openDatabase()
  onTestFinished(database.close)
  const before = await startGateway({ database })
  const { id: workspaceId, client: caller } = await newWorkspace(before)
  const { id } = await newConversation(caller)
  await change(caller, id, 'CLOSED', null)
  await before.app.close()
  const events = database.db.selectFrom('event').select('seq').where('workspace_id', '=', workspaceId)
  const all = await events.orderBy('seq').execute()
  await database.db
    .updateTable('event')
    .set({ created_at: new Date(Date.now() - 40 * 86_400_000) })
    .where('seq', '<=', 3)
    .execute()
  const keeping = await startGateway({ database, eventRetentionDays: 30 })
  onTestFinished(keeping.app.close)
  await expect.poll(() => events.orderBy('seq').execute()).toEqual(all.slice(3))
  expect(all.length).toBeGreaterThan(3)
})
