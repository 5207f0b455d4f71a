import { sql } from 'kysely'
import pg from 'pg'
import { expect, inject, onTestFinished } from 'vitest'
import { test } from '../../support/fixtures.ts'
import { type Client, type Gateway, newConversation, newWorkspace } from '../../support/gateway.ts'
import { rowsOf } from '../../support/rows.ts'

const change = `mutation ($status: SetConversationStatusInput!, $assign: AssignConversationInput!, $both: Boolean!) {
  setConversationStatus(input: $status) { cursor userErrors { code } }
  assignConversation(input: $assign) @include(if: $both) { cursor userErrors { code } }
}`

const statuses = ['OPEN', 'CLOSED', 'ARCHIVED']

/** What a workspace's row keeps, beside the same counted anew. */
async function counts(gateway: Gateway, workspaceId: string) {
  const kept = await gateway.db
    .selectFrom('workspace')
    .select(['open_count', 'closed_count', 'archived_count', 'unread_count', 'unassigned_count'])
    .where('id', '=', workspaceId)
    .executeTakeFirstOrThrow()
  const { rows } = await sql<typeof kept>`
    select count(*) filter (where status = 'OPEN') as open_count,
      count(*) filter (where status = 'CLOSED') as closed_count,
      count(*) filter (where status = 'ARCHIVED') as archived_count,
      count(*) filter (where status = 'OPEN' and is_unread) as unread_count,
      count(*) filter (where status = 'OPEN' and assigned_to_id is null) as unassigned_count
    from conversation where workspace_id = ${workspaceId}`.execute(gateway.db)
  return { kept, counted: rows[0] }
}

async function eventsOf(gateway: Gateway, workspaceId: string) {
  return gateway.db
    .selectFrom('event')
    .select(['seq', 'conversation_id', 'created_at'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('seq')
    .execute()
}

test('16 writers with 2,000 mixed changes leave logs without a hole, rising times and true counts', async ({
  gateway,
}) => {
  const workspaces = await Promise.all([newWorkspace(gateway), newWorkspace(gateway)])
  const conversations = new Map<string, string[]>()
  for (const { id, client: caller } of workspaces)
    conversations.set(
      id,
      await Promise.all(Array.from({ length: 8 }, async () => (await newConversation(caller)).id)),
    )

  let random = 7
  const pick = <Value>(values: readonly Value[]): Value => {
    // Lehmer's generator, within the integers that a number holds.
    random = (random * 48_271) % 2_147_483_647
    return values[random % values.length] as Value
  }
  const write = async (caller: Client, workspace: (typeof workspaces)[number]) => {
    if (pick([0, 1, 2, 3, 4, 5, 6, 7]) === 0)
      return newConversation(caller, `${pick(['a', 'b', 'c'])}@example.com`)
    const known = pick([...(conversations.get(workspace.id) ?? []), 'thd_unknown'])
    return caller.graphql(change, {
      status: { conversationId: known, status: pick(statuses) },
      assign: { conversationId: known, agentId: pick([workspace.agentId, null, 'agt_unknown']) },
      both: pick([true, false]),
    })
  }
  // Behind a pooler fewer are enough to meet each of its sessions many times.
  let left = process.env.POOLER ? 400 : 2_000
  const writer = async (index: number) => {
    const workspace = workspaces[index % 2]
    if (!workspace) throw new Error('no workspace')
    while (left-- > 0) await write(workspace.client, workspace)
  }
  await Promise.all(Array.from({ length: 16 }, (_, index) => writer(index)))

  for (const { id } of workspaces) {
    const events = await eventsOf(gateway, id)
    expect(events.length).toBeGreaterThan(100)
    expect(events.map(event => event.seq)).toEqual(events.map((_, index) => index + 1))
    for (const [conversation, own] of Map.groupBy(events, event => event.conversation_id)) {
      const times = own.map(event => event.created_at.getTime())
      // Events of one change share its time: a conversation and its first message.
      const rising = times.every(
        (time, index) => index === 0 || time > (times[index - 1] ?? 0) || index === 1,
      )
      expect({ conversation, rising }).toEqual({ conversation, rising: true })
    }
    const { kept, counted } = await counts(gateway, id)
    expect(kept).toEqual(counted)
  }
})

const create = `mutation ($input: CreateConversationInput!) {
  createConversation(input: $input) { conversation { id } cursor userErrors { code } }
}`

test('a refused change leaves nothing', async ({ gateway, acme }) => {
  const { id, client: caller } = acme
  const empty = await rowsOf(gateway.db, id)
  const answer = await caller.graphql(create, {
    input: { email: 'new@example.com', contentText: 'Hello', channelId: 'chn_unknown' },
  })
  expect(answer.data).toEqual({
    createConversation: { conversation: null, cursor: null, userErrors: [{ code: 'NOT_FOUND' }] },
  })
  expect(await rowsOf(gateway.db, id)).toEqual(empty)
})

test('a change whose connection dies before its commit leaves nothing, and the gateway lives on', async ({
  gateway,
  acme,
}) => {
  const { id, client: caller } = acme
  const empty = await rowsOf(gateway.db, id)
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(gateway.db)
  const operator = new pg.Client(inject('postgres').replace('/postgres?', `/${rows[0]?.name}?`))
  await operator.connect()
  onTestFinished(() => operator.end())
  // The counter row is the last lock a change takes: holding it stops one right before its commit.
  await operator.query('begin')
  await operator.query('select 1 from workspace where id = $1 for update', [id])
  const answer = caller.graphql(create, { input: { email: 'new@example.com', contentText: 'Hello' } })
  const waiting = () =>
    operator.query<{ pid: number }>(
      `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
  await expect.poll(async () => (await waiting()).rows.length).toBe(1)
  await operator.query('select pg_terminate_backend($1::int)', [(await waiting()).rows[0]?.pid])
  expect(await answer).toMatchObject({ status: 503, errors: [{ extensions: { code: 'UNAVAILABLE' } }] })
  await operator.query('rollback')
  expect(await rowsOf(gateway.db, id)).toEqual(empty)
  expect((await newConversation(caller)).id).toMatch(/^thd_/)
})

const addNote = `mutation ($input: AddNoteInput!) {
  addNote(input: $input) { message { id } cursor userErrors { code } }
}`

test('changes whose statements are cancelled at any step are made as a whole or not at all', async ({
  gateway,
  acme,
}) => {
  const { id, client: caller } = acme
  const conversation = await newConversation(caller)
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(gateway.db)
  const operator = new pg.Client(inject('postgres').replace('/postgres?', `/${rows[0]?.name}?`))
  await operator.connect()
  onTestFinished(() => operator.end())
  const made = new Set<string>()
  let [left, failed] = [600, 0]
  const write = async () => {
    while (left-- > 0) {
      const idempotencyKey = left % 2 === 0 ? `key ${left}` : null
      const input = { conversationId: conversation.id, contentText: `Note ${left}`, idempotencyKey }
      const { status, data } = await caller.graphql<{ addNote: { message: { id: string } } }>(addNote, {
        input,
      })
      if (status === 200) made.add(data.addNote.message.id)
      else failed++
    }
  }
  const cancel = async () => {
    while (left > 0)
      await operator.query(
        `select pg_cancel_backend(pid) from pg_stat_activity
          where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid() and random() < 0.5`,
      )
  }
  await Promise.all([write(), write(), write(), cancel()])
  expect(failed).toBeGreaterThan(10)
  expect(made.size).toBeGreaterThan(10)
  const messages = await gateway.db
    .selectFrom('message')
    .select('id')
    .where('workspace_id', '=', id)
    .execute()
  const ids = new Set(messages.map(message => message.id))
  expect([...made].filter(message => !ids.has(message))).toEqual([])
  const events = await eventsOf(gateway, id)
  expect(events.map(event => event.seq)).toEqual(events.map((_, index) => index + 1))
  // Beside those that add a message, one event is that the conversation was created.
  expect(events.length - 1).toBe(messages.length + (await sent(gateway, id)))
  const open = await sql<{ count: number }>`select count(*) as count from pg_stat_activity
    where datname = current_database() and state like 'idle in transaction%'`.execute(gateway.db)
  expect(open.rows[0]?.count).toBe(0)
})

/** How many events tell of the delivery of a message. */
async function sent(gateway: Gateway, workspaceId: string): Promise<number> {
  const { count } = await gateway.db
    .selectFrom('event')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where('workspace_id', '=', workspaceId)
    .where('type', '=', 'MESSAGE_STATUS_CHANGED')
    .executeTakeFirstOrThrow()
  return count
}
