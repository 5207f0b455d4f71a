import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../support/databases.ts'
import { type Client, newConversation, newWorkspace, startGateway } from '../support/gateway.ts'
import { type LiveEvent, overSocket, socketClient } from '../support/live.ts'
import { subscribed } from '../support/live-fixtures.ts'
import { expectSound } from '../support/recount.ts'

const conversations = 100
const rounds = 1_000
const atOnce = 16

async function started() {
  const gateway = await startGateway({
    database: await openDatabase(),
    limits: { maxCostPerMinute: 1_000_000_000, maxChangesPerHour: 1_000_000_000 },
  })
  onTestFinished(gateway.close)
  const workspace = await newWorkspace(gateway)
  const ids: string[] = []
  for (let index = 0; index < conversations; index++)
    ids.push((await newConversation(workspace.client, `contact${index}@example.com`)).id)
  return { gateway, workspace, ids }
}

async function update(from: Client, input: object): Promise<string | null> {
  const { data, errors } = await from.graphql<{
    updateConversations: { cursor: string | null; userErrors: object[]; results: { userErrors: object[] }[] }
  }>(
    `mutation ($input: UpdateConversationsInput!) { updateConversations(input: $input) {
      cursor userErrors { message } results { userErrors { message } } } }`,
    { input },
  )
  expect(errors).toBeUndefined()
  expect(data.updateConversations.userErrors).toEqual([])
  expect(data.updateConversations.results.flatMap(({ userErrors }) => userErrors)).toEqual([])
  return data.updateConversations.cursor
}

test('a hundred conversations at once arrive as a hundred events in their order', async ({ annotate }) => {
  const { gateway, workspace, ids } = await started()
  const { client: caller } = workspace
  const heard = overSocket<LiveEvent>(
    socketClient(caller),
    'subscription { conversationStatusChanged { cursor conversation { id } } }',
  )
  await subscribed(gateway, 1)
  const order = ids.toReversed()
  const timesOf = async (work: () => Promise<unknown>) => {
    const begun = performance.now()
    await work()
    return performance.now() - begun
  }
  const ratios: number[] = []
  for (const [one, other] of [
    ['CLOSED', 'OPEN'],
    ['ARCHIVED', 'CLOSED'],
    ['OPEN', 'ARCHIVED'],
    ['CLOSED', 'OPEN'],
    ['ARCHIVED', 'CLOSED'],
  ]) {
    const many = await timesOf(() => update(caller, { conversationIds: order, status: one }))
    const single = await timesOf(async () => {
      for (const conversationId of order)
        await caller.graphql(
          'mutation ($input: SetConversationStatusInput!) { setConversationStatus(input: $input) { cursor } }',
          { input: { conversationId, status: other } },
        )
    })
    ratios.push(many / single)
  }
  const events = await heard.until(conversations)
  expect(events.slice(0, conversations).map(({ conversation }) => conversation.id)).toEqual(order)
  const median = ratios.toSorted((a, b) => a - b)[2]
  await annotate(`one call took ${median?.toFixed(3)} of the time of a hundred`)
  expect(median).toBeLessThanOrEqual(0.1)
})

test('overlapping changes of many, 16 at once, a thousand times: none fails and none is lost', async () => {
  const { gateway, workspace, ids } = await started()
  let round = 0
  const work = async () => {
    while (round < rounds) {
      const own = round++
      const shuffled = ids.toSorted(() => Math.random() - 0.5).slice(0, 20)
      await update(workspace.client, {
        conversationIds: shuffled,
        status: ['OPEN', 'CLOSED', 'ARCHIVED'][own % 3],
        agentId: own % 2 ? workspace.agentId : null,
        isUnread: own % 5 < 2,
      })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  await expectSound(gateway.db, workspace)
})
