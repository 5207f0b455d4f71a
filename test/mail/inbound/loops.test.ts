import { expect } from 'vitest'
import { changeStatus } from '../../support/conversations.ts'
import { type Client, newConversation } from '../../support/gateway.ts'
import { handIn, mail, shown, test } from '../../support/inbound.ts'

const automatic = { 'Auto-Submitted': 'auto-replied' }

/** What an inbox shows of a conversation. */
async function inInbox(caller: Client, id: string) {
  const { data } = await caller.graphql<{ conversation: Record<string, unknown> }>(
    'query ($id: ID!) { conversation(id: $id) { status isUnread lastMessageAt lastMessagePreview } }',
    { id },
  )
  return data.conversation
}

test('of automatic messages only 10 an hour and conversation have an effect, and all are kept', async ({
  gateway,
  acme,
}) => {
  const { client: caller, id: workspaceId } = acme
  const { id } = await newConversation(caller)
  const hand = (text: string, headers: Record<string, string>) =>
    handIn(caller, workspaceId, mail({ To: `reply+${id}@reply.example.com`, ...headers }, text))
  for (let number = 1; number <= 10; number++) {
    await hand(`Away ${number}`, automatic)
    expect(await inInbox(caller, id)).toMatchObject({ lastMessagePreview: `Away ${number}` })
  }
  await changeStatus(caller, id, 'CLOSED')
  const before = await inInbox(caller, id)
  await hand('Away 11', automatic)
  await hand('Away 12', { ...automatic, From: 'other@example.org' })
  expect(await inInbox(caller, id)).toEqual(before)
  expect((await shown(caller, id)).messages.edges).toHaveLength(13)

  await hand('I am back', {})
  expect(await inInbox(caller, id)).toMatchObject({
    status: 'OPEN',
    isUnread: true,
    lastMessagePreview: 'I am back',
  })
  // As an hour later.
  await gateway.db
    .updateTable('message')
    .set({ created_at: new Date(Date.now() - 3_601_000) })
    .where('workspace_id', '=', workspaceId)
    .where('is_automatic', '=', true)
    .execute()
  await hand('Away again', automatic)
  expect(await inInbox(caller, id)).toMatchObject({ lastMessagePreview: 'Away again' })
})

test("one conversation's automatic messages take nothing from another", async ({ acme }) => {
  const { client: caller, id: workspaceId } = acme
  const [one, other] = [await newConversation(caller), await newConversation(caller)]
  const hand = (id: string, text: string) =>
    handIn(caller, workspaceId, mail({ To: `reply+${id}@reply.example.com`, ...automatic }, text))
  for (let number = 1; number <= 11; number++) await hand(one.id, `Away ${number}`)
  await hand(other.id, 'Away')
  expect(await inInbox(caller, other.id)).toMatchObject({ lastMessagePreview: 'Away' })
})
