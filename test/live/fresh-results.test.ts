import { expect } from 'vitest'
import { change, eventCursor, turn } from '../support/conversations.ts'
import { newConversation } from '../support/gateway.ts'
import { overSocket, socketClient } from '../support/live.ts'
import { subscribed, test } from '../support/live-fixtures.ts'

test("two events in one read each show the graph's state at the time of delivery", async ({
  gateway,
  acme,
}) => {
  const { id: workspaceId, client: caller, agentId } = acme
  const { id } = await newConversation(caller)
  const after = await eventCursor(caller)
  await change(caller, id, 'CLOSED', null)
  await change(caller, id, 'OPEN', null)
  const query = `subscription ($after: EventCursor) { conversationStatusChanged(after: $after) {
    cursor status conversation { status assignedTo { name } contact { name } }
  } }`
  type Shown = { status: string; cursor: string; conversation: object }
  const heard = overSocket<Shown>(socketClient(caller), query, { after })
  const shown = ({ status, conversation }: Shown) => [status, conversation]
  const first = { status: 'OPEN', assignedTo: null, contact: { name: null } }
  expect((await heard.until(2)).map(shown)).toEqual([
    ['CLOSED', first],
    ['OPEN', first],
  ])

  // The subscription has no event of these, but the next event shows them all.
  await gateway.db
    .updateTable('contact')
    .set({ name: 'Jane' })
    .where('workspace_id', '=', workspaceId)
    .execute()
  await change(caller, id, 'OPEN', agentId)
  await change(caller, id, 'ARCHIVED', agentId)
  await change(caller, id, 'CLOSED', agentId)
  const later = (await heard.until(4)).slice(2)
  expect(later.map(({ status }) => status)).toEqual(['ARCHIVED', 'CLOSED'])
  for (const { conversation } of later)
    expect(conversation).toMatchObject({ assignedTo: { name: 'Ada' }, contact: { name: 'Jane' } })
  expect(later[1]?.conversation).toMatchObject({ status: 'CLOSED' })
})

test('each event shows the current state, not what an earlier event loaded', async ({ gateway, acme }) => {
  const { client: caller } = acme
  const { id } = await newConversation(caller)
  const heard = overSocket<{ conversation: { status: string } }>(
    socketClient(caller),
    'subscription { conversationStatusChanged { conversation { status } } }',
  )
  await subscribed(gateway, 1)
  await turn(caller, id, 1)
  await heard.until(1)
  await turn(caller, id, 1)
  expect((await heard.until(2)).map(event => event.conversation.status)).toEqual(['CLOSED', 'OPEN'])
})
