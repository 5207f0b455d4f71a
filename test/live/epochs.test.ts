import { sql } from 'kysely'
import { describe, expect } from 'vitest'
import { beginEpoch, beginEpochAfterLoss, epochNow, eventsPerEpoch } from '../../src/domain/event/epoch.ts'
import {
  deleteOldEvents,
  deleteOldEventsOfEarlierEpochs,
  workspacesWithOldEvents,
} from '../../src/domain/event/retention.ts'
import { type Client, type Gateway, newConversation } from '../support/gateway.ts'
import {
  codeAtEnd,
  conversationEvents,
  type Heard,
  type LiveEvent,
  overEventStream,
  overSocket,
  socketClient,
} from '../support/live.ts'
import { subscribed, test } from '../support/live-fixtures.ts'

const note = `mutation ($id: ID!) {
  addNote(input: { conversationId: $id, contentText: "Noted" }) { cursor userErrors { code } }
}`

async function addNotes(caller: Client, id: string, count: number): Promise<string> {
  let cursor = ''
  for (let index = 0; index < count; index++) {
    const { data } = await caller.graphql<{ addNote: { cursor: string } }>(note, { id })
    cursor = data.addNote.cursor
  }
  return cursor
}

/** Sets the log of a workspace back, as a restore does, or a failover to a server that lacks the last commits. */
async function loseEvents({ db }: Gateway, workspaceId: string, count: number): Promise<void> {
  await db.transaction().execute(async writer => {
    await sql`update workspace set event_seq = event_seq - ${count} where id = ${workspaceId}`.execute(writer)
    await sql`
      delete from event using workspace
      where workspace.id = ${workspaceId} and workspace_id = ${workspaceId} and seq > event_seq`.execute(
      writer,
    )
  })
}

const begin = ({ db }: Gateway, workspaceId: string) =>
  db.transaction().execute(writer => beginEpoch(writer, workspaceId))

const endsOf = (all: Heard<unknown>[]) => Promise.all(all.map(codeAtEnd))

const expired = 'CURSOR_EXPIRED'

describe('a log that has lost its end', () => {
  test.for([
    ['is shorter', 0],
    ['is as long as before, with other events', 10],
    ['is longer than before', 14],
  ] as const)('and %s: every subscriber is told so', async ([, written], { gateway, acme }) => {
    const { client: caller, id: workspaceId } = acme
    const { id } = await newConversation(caller)
    await addNotes(caller, id, 12)
    const counts = 'subscription { conversationCountsChanged { open } }'
    const socket = socketClient(caller)
    const events = [
      ...Array.from({ length: 3 }, () => overSocket<LiveEvent>(socket, conversationEvents)),
      overSocket<LiveEvent>(socket, conversationEvents, { types: ['CONVERSATION_ASSIGNED'] }),
      overEventStream<LiveEvent>(caller, conversationEvents),
    ]
    const all = [...events, overSocket(socket, counts)]
    await subscribed(gateway, all.length)
    await addNotes(caller, id, 3)
    await Promise.all(events.filter((_, index) => index !== 3).map(heard => heard.until(3)))
    await loseEvents(gateway, workspaceId, 10)
    await addNotes(caller, id, written)
    expect(await endsOf(all)).toEqual(all.map(() => expired))
    const [heard] = events
    const resumed = overSocket(socketClient(caller), conversationEvents, {
      after: heard?.events.at(-1)?.cursor,
    })
    expect(await codeAtEnd(resumed)).toBe(expired)
    const again = overSocket<LiveEvent>(socketClient(caller), conversationEvents)
    await subscribed(gateway, 1)
    await addNotes(caller, id, 2)
    expect(await again.until(2)).toHaveLength(2)
  })
})

describe('a new epoch', () => {
  test('tells everybody who resumes that the log does not go on, over every door', async ({
    gateway,
    acme,
  }) => {
    const { client: caller, id: workspaceId } = acme
    const { id } = await newConversation(caller)
    const after = await addNotes(caller, id, 5)
    await loseEvents(gateway, workspaceId, 4)
    await begin(gateway, workspaceId)
    const next = await addNotes(caller, id, 8)
    expect(next > after).toBe(true)
    expect(next).toHaveLength(after.length)
    const resumed = [
      overSocket(socketClient(caller), conversationEvents, { after }),
      overEventStream(caller, conversationEvents, { after }),
    ]
    expect(await endsOf(resumed)).toEqual([expired, expired])
  })

  test('is another one each time that the same copy is restored', async ({ gateway, acme }) => {
    const { client: caller, id: workspaceId } = acme
    const { id } = await newConversation(caller)
    const row = () =>
      gateway.db
        .selectFrom('workspace')
        .select(['event_seq', 'event_floor', 'revision'])
        .where('id', '=', workspaceId)
        .executeTakeFirstOrThrow()
    const copy = await row()
    await begin(gateway, workspaceId)
    const first = await row()
    const after = await addNotes(caller, id, 3)
    await gateway.db.transaction().execute(async writer => {
      await writer.updateTable('workspace').set(copy).where('id', '=', workspaceId).execute()
      await sql`delete from event where workspace_id = ${workspaceId} and seq > ${copy.event_seq}`.execute(
        writer,
      )
    })
    await expect
      .poll(
        async () => (await sql<{ now: number }>`select ${epochNow} as now`.execute(gateway.db)).rows[0]?.now,
      )
      .toBeGreaterThan(Math.floor(first.event_floor / eventsPerEpoch))
    await begin(gateway, workspaceId)
    expect((await row()).revision).toBeGreaterThan(first.revision)
    await addNotes(caller, id, 5)
    expect(await codeAtEnd(overSocket(socketClient(caller), conversationEvents, { after }))).toBe(expired)
  })

  test('begins once when several processes find that commits are lost', async ({ gateway, acme }) => {
    const floor = async () =>
      (
        await gateway.db
          .selectFrom('workspace')
          .select('event_floor')
          .where('id', '=', acme.id)
          .executeTakeFirstOrThrow()
      ).event_floor
    expect(await beginEpochAfterLoss(gateway.db)).toBeGreaterThan(0)
    const begun = await floor()
    expect(await Promise.all([1, 2].map(() => beginEpochAfterLoss(gateway.db)))).toEqual([0, 0])
    expect(await floor()).toBe(begun)
  })

  test('reaches those who are live with its first event, and leaves the past readable', async ({
    gateway,
    acme,
  }) => {
    const { client: caller, id: workspaceId } = acme
    const { id } = await newConversation(caller)
    await addNotes(caller, id, 2)
    const heard = overSocket(socketClient(caller), conversationEvents)
    await subscribed(gateway, 1)
    await begin(gateway, workspaceId)
    await addNotes(caller, id, 1)
    expect(await endsOf([heard])).toEqual([expired])
    type Types = { conversation: { events: { edges: { node: { __typename: string } }[] } } }
    const { data } = await caller.graphql<Types>(
      `query ($id: ID!) { conversation(id: $id) {
        events(first: 100, types: [MESSAGE_ADDED]) { edges { node { __typename } } } } }`,
      { id },
    )
    expect(data.conversation.events.edges).toHaveLength(4)
  })

  test('is none of the business of those who come after it', async ({ gateway, acme }) => {
    const { client: caller, id: workspaceId } = acme
    const { id } = await newConversation(caller)
    const early = overSocket(socketClient(caller), conversationEvents)
    await subscribed(gateway, 1)
    await begin(gateway, workspaceId)
    const { data } = await caller.graphql<{ workspace: { eventCursor: string } }>(
      '{ workspace { eventCursor } }',
    )
    const after = data.workspace.eventCursor
    const late = [
      overSocket<LiveEvent>(socketClient(caller), conversationEvents, { after }),
      overSocket<LiveEvent>(socketClient(caller), conversationEvents),
    ]
    expect(await endsOf([early])).toEqual([expired])
    await subscribed(gateway, 2)
    await addNotes(caller, id, 3)
    for (const heard of late) expect(await heard.until(3)).toHaveLength(3)
    expect(late.flatMap(({ errors }) => errors)).toEqual([])
  })

  test('gives answers another revision, so that none from before is taken for a new one', async ({
    gateway,
    acme,
  }) => {
    const { client: caller, id: workspaceId } = acme
    await newConversation(caller)
    const path = `/v1/workspaces/${workspaceId}/support/inbox/conversations`
    const { headers } = await caller.rest('GET', path)
    await begin(gateway, workspaceId)
    const response = await fetch(`${gateway.url}${path}`, {
      headers: { authorization: caller.authorization, 'if-none-match': headers.get('etag') ?? '' },
    })
    expect(response.status).toBe(200)
  })

  test('keeps old events of earlier ones no longer than others', async ({ gateway, acme }) => {
    const { client: caller, id: workspaceId } = acme
    const { id } = await newConversation(caller)
    await addNotes(caller, id, 2)
    const count = async () =>
      (await gateway.db.selectFrom('event').select('seq').where('workspace_id', '=', workspaceId).execute())
        .length
    const before = await count()
    await begin(gateway, workspaceId)
    await addNotes(caller, id, 1)
    await sql`update event set created_at = statement_timestamp() - interval '2 days' where workspace_id = ${workspaceId}
      and seq < 1000`.execute(gateway.db)
    expect(await workspacesWithOldEvents(gateway.db, 1)).toContain(workspaceId)
    const deleted = await gateway.db
      .transaction()
      .execute(async writer => [
        await deleteOldEvents(writer, workspaceId, 1),
        await deleteOldEventsOfEarlierEpochs(writer, workspaceId, 1),
      ])
    expect(deleted).toEqual([0, before])
    expect(await count()).toBe(1)
    expect(await workspacesWithOldEvents(gateway.db, 1)).not.toContain(workspaceId)
  })
})
